"""A service as its model describes it: loaded from botocore's data, compiled where it is used.

service = Service.load("lambda")
operation, labels = service.resolve(request)
params = operation.parse(request, labels)
response = operation.serialize(result, request_id)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

import botocore.loaders
import botocore.model

from ingle.model.errors import IngleError
from ingle.wire import departures, lambdaservice, sqsservice
from ingle.wire.departures import Departures
from ingle.wire.eventstream import encode_event
from ingle.wire.jsonprotocol import Json
from ingle.wire.message import Request, Response
from ingle.wire.parser import Params
from ingle.wire.protocol import Parse, Serialize, WireProtocol
from ingle.wire.query import Query, as_query
from ingle.wire.required import required_members
from ingle.wire.restjson import RestJson
from ingle.wire.validation import Validator

_DEPARTURES = {"lambda": lambdaservice.DEPARTURES, "sqs": sqsservice.DEPARTURES}


class Operation:
    """One operation of a service. Its parser, checks and writer are compiled when first used."""

    def __init__(self, model: Any, protocol: WireProtocol, validator: Validator, own: Departures) -> None:
        self.name: str = model.name
        self.status: int = int(model.http.get("responseCode", 200))
        self._model = model
        self._protocol = protocol
        self._validator = validator
        self._missing = own.missing

    def parse(self, request: Request, labels: Mapping[str, str]) -> Params:
        """The request's parameters, valid by the service model.

        Strings, ints, floats, bools, bytes (blobs), datetimes (UTC), lists and dicts, under the model's
        member names; what the request does not have is not there. Raises SerializationError and
        ValidationError, or what the service raises for a member that is missing.
        """
        params = self._parse(request, labels)
        self._validate(params)
        return params

    def serialize(self, result: Mapping[str, Any], request_id: str) -> Response:
        """The answer for `result`, whose keys are the output's member names."""
        return self._serialize(result, request_id)

    def encode_event(self, name: str, members: Mapping[str, Any]) -> bytes:
        """A frame of the answer's event stream. Raises KeyError for an event that it does not have."""
        return encode_event(self._model.get_event_stream_output(), name, members)

    @cached_property
    def _parse(self) -> Parse:
        return self._protocol.parser(self._model)

    @cached_property
    def _validate(self) -> Callable[[Params], None]:
        if self._model.input_shape is None:
            return lambda params: None
        if self._missing is not None:
            return required_members(self._model.input_shape, self._missing)
        return self._validator.compile(self._model.input_shape)

    @cached_property
    def _serialize(self) -> Serialize:
        return self._protocol.serializer(self._model)


class Service:
    """An AWS service in one of its protocols. Get it with `Service.load`."""

    def __init__(self, model: Any, protocol: WireProtocol, own: Departures) -> None:
        self.name: str = model.service_name
        self._protocol = protocol
        validator = Validator(own)
        self.operations: Mapping[str, Operation] = {
            name: Operation(model.operation_model(name), protocol, validator, own)
            for name in model.operation_names
        }

    @staticmethod
    @cache
    def load(name: str, protocol: str | None = None) -> Service:
        """The service `name` (botocore's), from the model that botocore carries, in its own protocol or,
        where the service has several, in `protocol` ("query").

        Raises botocore's UnknownServiceError, and NotImplementedError for another protocol.
        """
        document = botocore.loaders.Loader().load_service_model(name, "service-2")
        own = _DEPARTURES.get(name, departures.NONE)
        if protocol == "query" and own.query_names is not None:
            document = as_query(document, own.query_names)
        model = botocore.model.ServiceModel(document, name)
        return Service(model, _protocol_of(model, protocol, own), own)

    def resolve(self, request: Request) -> tuple[Operation, Mapping[str, str]]:
        """The operation that `request` asks for, and its labels for `Operation.parse`.

        Raises UnknownOperation, UnknownTarget, InvalidAction, each protocol its own.
        """
        name, labels = self._protocol.match(request)
        return self.operations[name], labels

    def route(self, method: str, path: str, query: str = "") -> tuple[Operation, Mapping[str, str]]:
        """`resolve` by method, path (raw) and query alone, which is all that rest-json needs."""
        return self.resolve(Request(method, path, query))

    def render(self, error: IngleError, request_id: str) -> Response:
        """`error` as this service's answer."""
        return self._protocol.render(error, request_id)


def _protocol_of(model: Any, wanted: str | None, own: Departures) -> WireProtocol:
    protocol = model.metadata["protocol"]
    if wanted not in (None, protocol):
        raise NotImplementedError(f"{model.service_name} does not speak {wanted}")
    if protocol == "rest-json":
        return RestJson(model)
    if protocol == "json":
        return Json(model, own)
    if protocol == "query":
        return Query(model, own)
    raise NotImplementedError(f"{model.service_name} speaks {protocol}, which Ingle does not have yet")
