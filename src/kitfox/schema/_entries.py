"""An OpenAPI document as a reader goes through it: method after method."""

from collections.abc import Iterator
from typing import NamedTuple

from kitfox.schema._json_schema import (
    Schema,
    mapping,
    properties,
    required,
    resolved,
    sequence,
    text,
)

_STREAM = "text/event-stream"


class Field(NamedTuple):
    """One field of a message. `where` says how it travels, when not all travel alike."""

    name: str
    schema: Schema
    description: str
    required: bool
    where: str = ""


class Entry(NamedTuple):
    """One method, as HTTP offers it. `body` is None when the request has none."""

    service: str
    id: str
    verb: str
    path: str
    kind: str
    idempotent: bool
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: Schema | None
    reply: Schema
    streams: bool

    @property
    def name(self) -> str:
        """The method's own name."""
        return self.id.removeprefix(f"{self.service}.")


def entries(document: Schema) -> Iterator[Entry]:
    """Return the document's operations, in its order."""
    for path, item in mapping(document.get("paths")).items():
        for verb, operation in mapping(item).items():
            yield _entry(verb.upper(), path, mapping(operation))


def fields_of(schema: Schema, components: Schema) -> tuple[Field, ...]:
    """Return the fields of a message, none for what has no fields."""
    whole = resolved(schema, components)
    needed = required(whole)
    return tuple(
        Field(name, field, text(field.get("description")), name in needed)
        for name, field in properties(whole).items()
    )


def _entry(verb: str, path: str, operation: Schema) -> Entry:
    body = mapping(operation.get("requestBody"))
    success = mapping(mapping(operation.get("responses")).get("200"))
    return Entry(
        service=text(next(iter(sequence(operation.get("tags"))), "")),
        id=text(operation.get("operationId")),
        verb=verb,
        path=path,
        kind=text(operation.get("x-kitfox-kind")),
        idempotent=operation.get("x-kitfox-idempotent") is True,
        summary=text(operation.get("summary")),
        description=text(operation.get("description")),
        parameters=tuple(_parameter(mapping(p)) for p in sequence(operation.get("parameters"))),
        body=_content(body) if body else None,
        reply=_content(success),
        streams=_STREAM in mapping(success.get("content")),
    )


def _parameter(parameter: Schema) -> Field:
    return Field(
        name=text(parameter.get("name")),
        schema=mapping(parameter.get("schema")),
        description=text(parameter.get("description")),
        required=parameter.get("required") is True,
        where=text(parameter.get("in")),
    )


def _content(holder: Schema) -> Schema:
    """Return the schema of the only media type there is."""
    media = next(iter(mapping(holder.get("content")).values()), None)
    return mapping(mapping(media).get("schema"))
