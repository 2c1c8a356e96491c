"""What of moto's state cannot be pickled as it is: locks, keys in OpenSSL's memory, references to moto's own
collections, which have to stay the ones of the process that reads."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

import dill
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from moto import backends
from moto.core.base_backend import BackendDict

_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_PRIVATE = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)
_PUBLIC = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)

Reduced = tuple[Any, ...]


class Pickler(dill.Pickler):  # type: ignore[misc]
    """dill's, for it writes the lambdas and local classes that moto keeps, with the rest."""

    def reducer_override(self, value: Any) -> Any:
        reduced = _reduce(value)
        return NotImplemented if reduced is None else reduced


def collections() -> list[BackendDict[Any]]:
    """Those of moto's collections that are in use."""
    return list(BackendDict._instances)  # type: ignore[misc]


def module_of(collection: BackendDict[Any]) -> str:
    """The name under which moto itself finds a collection again: its `service_name` is not unique."""
    return str(collection.backend.__module__).split(".")[1]


def _reduce(value: Any) -> Reduced | None:
    """As `__reduce__` has it; None for what needs no help."""
    if isinstance(value, _LOCKS):
        return (threading.RLock if isinstance(value, _LOCKS[1]) else threading.Lock), ()
    if isinstance(value, threading.Event):
        return _event, (value.is_set(),)
    if isinstance(value, BackendDict):
        return backends.get_backend, (module_of(value),)
    if isinstance(value, defaultdict) and type(value) is not defaultdict:
        # Python would call a constructor that takes something else in moto's subclasses.
        state = (vars(value), {"default_factory": value.default_factory})
        return type(value).__new__, (type(value),), state, None, iter(value.items())
    if isinstance(value, _PRIVATE):
        written = value.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return _private_key, (written,)
    if isinstance(value, _PUBLIC):
        der = serialization.Encoding.DER
        return _public_key, (value.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo),)
    return None


def _event(is_set: bool) -> threading.Event:
    event = threading.Event()
    if is_set:
        event.set()
    return event


def _private_key(content: bytes) -> Any:
    return serialization.load_der_private_key(content, None)


def _public_key(content: bytes) -> Any:
    return serialization.load_der_public_key(content)
