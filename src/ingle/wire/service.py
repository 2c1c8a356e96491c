"""A service as its model describes it: loaded from botocore's data, compiled where it is used.

service = Service.load("lambda")
operation, labels = service.route(request.method, request.path, request.query)
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
from ingle.wire import departures, lambdaservice
from ingle.wire.errors import UnknownOperation, render_error
from ingle.wire.eventstream import encode_event
from ingle.wire.message import Request, Response
from ingle.wire.parser import Params, RequestParser
from ingle.wire.reader import Reader
from ingle.wire.router import Route, Router
from ingle.wire.serializer import ResponseSerializer
from ingle.wire.validation import Validator

_DEPARTURES = {"lambda": lambdaservice.DEPARTURES}


class Operation:
    """One operation of a service. Its parser, checks and writer are compiled when first used."""

    def __init__(self, model: Any, reader: Reader, validator: Validator) -> None:
        self.name: str = model.name
        self.status: int = int(model.http.get("responseCode", 200))
        self._model = model
        self._reader = reader
        self._validator = validator

    def parse(self, request: Request, labels: Mapping[str, str]) -> Params:
        """The request's parameters, valid by the service model.

        Strings, ints, floats, bools, bytes (blobs), datetimes (UTC), lists and dicts, under the model's
        member names; what the request does not have is not there. Raises SerializationError and
        ValidationError.
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
    def _parse(self) -> RequestParser:
        return RequestParser(self._model.input_shape, self._reader)

    @cached_property
    def _validate(self) -> Callable[[Params], None]:
        if self._model.input_shape is None:
            return lambda params: None
        return self._validator.compile(self._model.input_shape)

    @cached_property
    def _serialize(self) -> ResponseSerializer:
        return ResponseSerializer(self._model.output_shape, self.status)


class Service:
    """An AWS service of the rest-json protocol. Get it with `Service.load`."""

    def __init__(self, model: Any, own: departures.Departures) -> None:
        self.name: str = model.service_name
        reader, validator = Reader(), Validator(own)
        models = [model.operation_model(name) for name in model.operation_names]
        self.operations: Mapping[str, Operation] = {
            each.name: Operation(each, reader, validator) for each in models
        }
        self._router = Router(
            Route(each.name, each.http["method"], each.http["requestUri"]) for each in models
        )
        self._exceptions = {shape.name: shape for shape in model.error_shapes}

    @staticmethod
    @cache
    def load(name: str) -> Service:
        """The service `name` (botocore's), from the model that botocore carries.

        Raises botocore's UnknownServiceError, and NotImplementedError for another protocol.
        """
        document = botocore.loaders.Loader().load_service_model(name, "service-2")
        model = botocore.model.ServiceModel(document, name)
        if model.protocol != "rest-json":
            raise NotImplementedError(f"{name} speaks {model.protocol}, which Ingle does not have yet")
        return Service(model, _DEPARTURES.get(name, departures.NONE))

    def route(self, method: str, path: str, query: str = "") -> tuple[Operation, dict[str, str]]:
        """The operation at `path` (raw) and its labels, decoded. Raises UnknownOperation."""
        match = self._router.match(method, path, query)
        if match is None:
            raise UnknownOperation
        return self.operations[match.operation], match.labels

    def render(self, error: IngleError, request_id: str) -> Response:
        """`error` as this service's answer."""
        return render_error(error, request_id, self._exceptions)
