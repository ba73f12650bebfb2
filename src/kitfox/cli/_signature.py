"""Methods and types as people read them on a terminal. Pure."""

from collections.abc import Iterator

from kitfox.cli._json_schema import Schema, Types, resolved, words
from kitfox.cli._output import columns
from kitfox.cli._remote import RemoteMethod

_STREAMED_REQUESTS = frozenset({"client_stream", "bidi_stream"})
_STREAMED_REPLIES = frozenset({"server_stream", "bidi_stream"})


def signature(method: RemoteMethod) -> str:
    """Return `name(field: type, optional?: type) -> reply`."""
    fields = ", ".join(
        f"{name}{'' if name in method.required else '?'}: {words(schema)}"
        for name, schema in method.fields.items()
    )
    before = "stream of " if method.kind in _STREAMED_REQUESTS else ""
    after = "stream of " if method.kind in _STREAMED_REPLIES else ""
    return f"{method.name}({before}{fields}) -> {after}{words(method.reply)}"


def service_lines(methods: tuple[RemoteMethod, ...]) -> Iterator[str]:
    """Yield each method with the first line of what it says of itself."""
    for method in methods:
        yield f"  {signature(method)}"
        if method.doc:
            yield f"      {method.doc.splitlines()[0]}"


def method_lines(method: RemoteMethod, types: Types) -> Iterator[str]:
    """Yield all that is known of one method, and the types it speaks of."""
    yield signature(method)
    if method.doc:
        yield from ("", *(f"  {line}".rstrip() for line in method.doc.splitlines()))
    yield ""
    yield f"  {method.route}" + ("  (idempotent)" if method.idempotent else "")
    for name in _mentioned([*method.fields.values(), method.reply], types):
        yield from ("", f"{name}:")
        yield from (f"  {line}" for line in _fields(types[name]))


def _fields(schema: Schema) -> list[str]:
    if not schema.properties:
        return [words(schema)]
    return columns(
        (name, words(field), "" if name in schema.required else "optional", field.description)
        for name, field in schema.properties.items()
    )


def _mentioned(schemas: list[Schema], types: Types) -> list[str]:
    """Return the names of the types below some schemas, in the order they are met."""
    found: list[str] = []
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop(0)
        name = words(schema)
        if schema.ref and name in types and name not in found:
            found.append(name)
            waiting.append(resolved(schema, types))
        inner = (schema.items, schema.additional_properties)
        waiting += [*schema.any_of, *schema.properties.values()]
        waiting += [one for one in inner if isinstance(one, Schema)]
    return found
