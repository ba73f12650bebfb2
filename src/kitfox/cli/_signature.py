"""Methods and types as people read them on a terminal. Pure."""

from collections.abc import Iterator

from kitfox.cli._json_schema import Schema, Types, resolved, words
from kitfox.cli._output import columns
from kitfox.cli._remote import RemoteMethod


def signature(method: RemoteMethod) -> str:
    """Return `name(field: type, optional?: type) -> reply`."""
    given = (
        f"stream of {words(method.request)}"
        if method.kind.streams_requests
        else ", ".join(
            f"{name}{'' if name in method.required else '?'}: {words(schema)}"
            for name, schema in method.fields.items()
        )
    )
    streamed = "stream of " if method.kind.streams_replies else ""
    return f"{method.name}({given}) -> {streamed}{words(method.reply)}"


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
    kind = method.kind.value.replace("_", " ")
    yield f"  {kind}{', idempotent' if method.idempotent else ''}"
    if method.route:
        yield f"  {method.route}"
    given = [method.request] if method.kind.streams_requests else [*method.fields.values()]
    for name in _mentioned([*given, method.reply], types):
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
