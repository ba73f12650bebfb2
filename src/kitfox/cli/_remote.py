"""What a running server says of itself at /openapi.json, as far as calling it needs."""

from collections.abc import Mapping
from typing import cast

import msgspec

from kitfox.cli._json_schema import Schema, Types, resolved

_NOTHING = Schema(type="null")


class RemoteMethod(msgspec.Struct, frozen=True):
    """One method as its server describes it; `route` is the verb and path it answers.

    `reply` is of what its callers get: a message, nothing, or a value that travels `wrapped`, as
    the field `value` of a message made for it.
    """

    service: str
    name: str
    kind: str
    idempotent: bool
    doc: str
    route: str
    fields: Mapping[str, Schema]
    required: tuple[str, ...]
    reply: Schema
    wrapped: bool = False

    @property
    def full_name(self) -> str:
        """The method's name with its service's."""
        return f"{self.service}.{self.name}"

    def value_of(self, message: object) -> object:
        """Return what a caller gets when this message comes as a reply."""
        if self.reply == _NOTHING:
            return None
        if self.wrapped and isinstance(message, dict):
            return cast("dict[str, object]", message).get("value")
        return message


class Description(msgspec.Struct, frozen=True):
    """All methods of a server, and the types they speak of."""

    methods: tuple[RemoteMethod, ...]
    types: Types


class _Media(msgspec.Struct, frozen=True):
    schema: Schema = Schema()


class _Content(msgspec.Struct, frozen=True):
    content: dict[str, _Media] = {}

    @property
    def schema(self) -> Schema:
        return next((media.schema for media in self.content.values()), Schema())


class _Parameter(msgspec.Struct, frozen=True):
    name: str
    required: bool = False
    schema: Schema = Schema()


class _Operation(msgspec.Struct, frozen=True, rename="camel"):
    operation_id: str = ""
    summary: str = ""
    description: str = ""
    parameters: tuple[_Parameter, ...] = ()
    request_body: _Content = _Content()
    responses: dict[str, _Content] = {}
    kind: str = msgspec.field(default="unary", name="x-kitfox-kind")
    idempotent: bool = msgspec.field(default=False, name="x-kitfox-idempotent")


class _Components(msgspec.Struct, frozen=True):
    schemas: dict[str, Schema] = {}


class _Document(msgspec.Struct, frozen=True):
    paths: dict[str, dict[str, _Operation]] = {}
    components: _Components = _Components()


def read_description(document: bytes) -> Description:
    """Read an OpenAPI document; msgspec.MsgspecError when it is none."""
    read = msgspec.json.decode(document, type=_Document)
    methods = (
        _method(f"{verb.upper()} {path}", operation, read.components.schemas)
        for path, operations in read.paths.items()
        for verb, operation in operations.items()
        if "." in operation.operation_id
    )
    ordered = sorted(methods, key=lambda method: method.full_name)
    return Description(tuple(ordered), read.components.schemas)


def _method(route: str, operation: _Operation, types: Types) -> RemoteMethod:
    service, _, name = operation.operation_id.rpartition(".")
    body = resolved(operation.request_body.schema, types)
    parameters = operation.parameters
    needed = [parameter.name for parameter in parameters if parameter.required]
    message = operation.responses.get("200", _Content()).schema
    reply = _carried(message, f"{service.rpartition('.')[2]}{name}Reply", types)
    return RemoteMethod(
        service=service,
        name=name,
        kind=operation.kind,
        idempotent=operation.idempotent,
        doc="\n\n".join(filter(None, (operation.summary, operation.description))),
        route=route,
        fields={parameter.name: parameter.schema for parameter in parameters} | body.properties,
        required=(*needed, *body.required),
        reply=message if reply is None else reply,
        wrapped=reply not in (None, _NOTHING),
    )


def _carried(message: Schema, wrapper: str, types: Types) -> Schema | None:
    """Return the schema of what a reply's message only carries; None when it is the reply."""
    made = resolved(message, types)
    match made.title, list(made.properties):
        case "Empty", []:
            return _NOTHING
        case title, ["value"] if title == wrapper:
            return made.properties["value"]
        case _:
            return None
