"""Methods as a document: a JSON Schema whose definitions are their messages.

It is what `kitfox schema diff` compares, so it says all that callers rely on, in any wire.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kitfox.core import Method
from kitfox.schema._json_schema import Schema, reachable, schemas_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFINITION = "#/$defs/"


class MethodDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One method; its messages are schemas, most often references to definitions."""

    service: str
    name: str
    kind: str
    request: Schema
    reply: Schema
    idempotent: bool = False
    doc: str = ""

    @property
    def full_name(self) -> str:
        """The method's name with its service's."""
        return f"{self.service}.{self.name}"


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """Some methods, and the definitions of their types by name."""

    dialect: str = msgspec.field(name="$schema", default=_DIALECT)
    methods: tuple[MethodDescription, ...]
    types: Mapping[str, Schema] = msgspec.field(name="$defs")

    def part(self, service: str) -> "Description":
        """Return the description of one service alone."""
        methods = tuple(method for method in self.methods if method.service == service)
        needed = reachable(
            [message for method in methods for message in (method.request, method.reply)],
            self.types,
            DEFINITION,
        )
        types = {name: schema for name, schema in self.types.items() if name in needed}
        return Description(methods=methods, types=types)


def describe(methods: Iterable[Method]) -> Description:
    """Return the description of some methods; the same ones give the same description.

    Raises:
        ValueError: two message types cannot be told apart by their full names.
    """
    ordered = sorted(methods, key=lambda method: (method.service, method.name))
    messages = [message for method in ordered for message in (method.request, method.reply)]
    schemas, types = schemas_of(messages, DEFINITION)
    described = (
        MethodDescription(
            service=method.service,
            name=method.name,
            kind=method.kind.value,
            request=request,
            reply=reply,
            idempotent=method.idempotent,
            doc=method.doc,
        )
        for method, request, reply in zip(ordered, schemas[::2], schemas[1::2], strict=True)
    )
    return Description(methods=tuple(described), types=dict(sorted(types.items())))


def read_description(text: bytes) -> Description:
    """Read a description that was written as JSON; raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Description)
