"""From operations to an OpenAPI 3.1 document: everything it says comes from the types.

https://spec.openapis.org/oas/v3.1.1
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kitfox.schema._json_schema import (
    COMPONENT,
    Schema,
    is_null,
    options,
    properties,
    reachable,
    required,
    resolved,
    schemas_of,
)
from kitfox.schema._operation import Operation
from kitfox.schema._problem import PROBLEM_MEDIA_TYPE, Problem

_JSON = "application/json"
_EVENTS = "text/event-stream"


def openapi(title: str, version: str, operations: Iterable[Operation]) -> dict[str, object]:
    """Return the OpenAPI document of some operations; the same ones give the same document.

    Raises:
        ValueError: an operation binds a field that its request does not have, or two message
            types cannot be told apart by their full names.
    """
    ordered = sorted(operations, key=lambda operation: (operation.path, operation.verb))
    messages = _messages(ordered)
    paths: dict[str, dict[str, object]] = {}
    for operation, request, reply in messages.of_operations:
        described = _Writer(operation, request, reply, messages.components).operation()
        paths.setdefault(operation.path, {})[operation.verb.lower()] = described
    problem = _content("The call failed.", PROBLEM_MEDIA_TYPE, messages.problem)
    used = reachable([paths, problem], messages.components)
    return {
        "openapi": "3.1.1",
        "info": {"title": title, "version": version},
        "tags": [{"name": name} for name in sorted({o.method.service for o in ordered})],
        "paths": paths,
        "components": {
            "schemas": {name: messages.components[name] for name in sorted(used)},
            "responses": {"Problem": problem},
        },
    }


class _Messages(NamedTuple):
    """The schemas of all messages, made together so that their names do not collide."""

    of_operations: list[tuple[Operation, Schema, Schema]]
    problem: Schema
    components: Schema


def _messages(operations: Sequence[Operation]) -> _Messages:
    types: list[type] = [Problem]
    for operation in operations:
        types += operation.method.request, operation.method.reply
    (problem, *schemas), components = schemas_of(types, COMPONENT)
    pairs = zip(operations, schemas[::2], schemas[1::2], strict=True)
    return _Messages(list(pairs), problem, components)


class _Writer:
    """Writes one operation down."""

    def __init__(
        self, operation: Operation, request: Schema, reply: Schema, components: Schema
    ) -> None:
        self._operation = operation
        self._request = request
        self._reply = reply
        self._fields = resolved(request, components)

    def operation(self) -> dict[str, object]:
        """Return the Operation Object."""
        method = self._operation.method
        written: dict[str, object] = {
            "operationId": self._operation.id,
            "tags": [method.service],
            **_doc(method.doc),
            "x-kitfox-kind": method.kind.value,
            "x-kitfox-idempotent": method.idempotent,
        }
        if parameters := list(self._parameters()):
            written["parameters"] = parameters
        if self._operation.body:
            written["requestBody"] = {"required": True, **_media(_JSON, self._body())}
        written["responses"] = self._responses()
        return written

    def _parameters(self) -> Iterator[dict[str, object]]:
        for name in self._operation.path_fields:
            yield {"name": name, "in": "path", "required": True, **_alone(self._field(name))}
        for name in self._operation.query_fields:
            needed = name in required(self._fields)
            yield {"name": name, "in": "query", "required": needed, **_alone(self._field(name))}

    def _field(self, name: str) -> Schema:
        fields = properties(self._fields)
        if name not in fields:
            operation = self._operation
            msg = (
                f"{operation.verb} {operation.path}: the request of {operation.id} has no field "
                f"{name!r}, only {', '.join(fields) or 'none'}"
            )
            raise ValueError(msg)
        return fields[name]

    def _body(self) -> Schema:
        """Return the schema of what the path and the query leave to the body."""
        bound = {*self._operation.path_fields, *self._operation.query_fields}
        if not bound:
            return self._request
        fields = properties(self._fields)
        return {
            **{key: value for key, value in self._fields.items() if key != "title"},
            "properties": {name: fields[name] for name in fields if name not in bound},
            "required": [name for name in required(self._fields) if name not in bound],
        }

    def _responses(self) -> dict[str, object]:
        stream = self._operation.method.kind.streams_replies
        success = (
            _content("The replies, each the data of one event.", _EVENTS, self._reply)
            if stream
            else _content("The reply.", _JSON, self._reply)
        )
        return {"200": success, "default": {"$ref": "#/components/responses/Problem"}}


def _doc(doc: str) -> dict[str, object]:
    """Return a docstring as summary and description, as far as it has them."""
    first, _, rest = doc.strip().partition("\n")
    parts = {"summary": first.strip(), "description": rest.strip()}
    return {key: value for key, value in parts.items() if value}


def _alone(field: Schema) -> dict[str, object]:
    """Return a field's schema as a parameter has it: described beside, and never null.

    A parameter that is null is one that is not there.
    """
    written = dict(field)
    described = {"description": written.pop("description")} if "description" in field else {}
    present = [option for option in options(field) if not is_null(option)]
    if len(present) < len(options(field)):
        written.pop("anyOf")
        written |= present[0] if len(present) == 1 else {"anyOf": present}
        if written.get("default", ...) is None:
            del written["default"]
    return {**described, "schema": written}


def _content(description: str, media_type: str, schema: Schema) -> dict[str, object]:
    return {"description": description, **_media(media_type, schema)}


def _media(media_type: str, schema: Schema) -> dict[str, object]:
    return {"content": {media_type: {"schema": schema}}}
