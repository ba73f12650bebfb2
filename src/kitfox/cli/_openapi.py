"""What an OpenAPI document of kitfox's says of its methods. Pure."""

import msgspec
from msgspec import structs

from kitfox.cli._json_schema import Schema, Types, resolved
from kitfox.cli._remote import Description, Said, remote_method
from kitfox.core import Kind


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
    kind: Kind = msgspec.field(default=Kind.UNARY, name="x-kitfox-kind")
    idempotent: bool = msgspec.field(default=False, name="x-kitfox-idempotent")

    def request(self, types: Types) -> Schema:
        """Return the message that parameters and body make together."""
        body = resolved(self.request_body.schema, types)
        fields = {parameter.name: parameter.schema for parameter in self.parameters}
        needed = tuple(parameter.name for parameter in self.parameters if parameter.required)
        return structs.replace(
            body, properties=fields | body.properties, required=(*needed, *body.required)
        )


class _Components(msgspec.Struct, frozen=True):
    schemas: dict[str, Schema] = {}


class _Document(msgspec.Struct, frozen=True):
    paths: dict[str, dict[str, _Operation]] = {}
    components: _Components = _Components()


def read_openapi(document: bytes) -> Description:
    """Read an OpenAPI document; msgspec.MsgspecError when it is none."""
    read = msgspec.json.decode(document, type=_Document)
    types = read.components.schemas
    methods = (
        remote_method(_said(f"{verb.upper()} {path}", operation, types), types)
        for path, operations in read.paths.items()
        for verb, operation in operations.items()
        if "." in operation.operation_id
    )
    ordered = sorted(methods, key=lambda method: method.full_name)
    return Description(tuple(ordered), types)


def _said(route: str, operation: _Operation, types: Types) -> Said:
    return Said(
        name=operation.operation_id,
        kind=operation.kind,
        request=operation.request(types),
        reply=operation.responses.get("200", _Content()).schema,
        idempotent=operation.idempotent,
        doc="\n\n".join(filter(None, (operation.summary, operation.description))),
        route=route,
    )
