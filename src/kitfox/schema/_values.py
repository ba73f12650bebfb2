"""Whether whoever reads a value understands all that its writer may say. Pure.

A bound is tighter than none, a higher lower bound tighter than a lower one, and so on; what is
written must be at least as tight as what is read.
"""

from collections.abc import Iterator

from kitfox.schema._json_schema import Schema, json_text, sequence, text

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SAME = ("format", "contentEncoding", "pattern", "multipleOf", "uniqueItems")


def is_of_type(reader: Schema, writer: Schema) -> bool:
    """Whether a plain value that is written is of a type that its reader takes."""
    wanted, said = _type(reader), _type(writer)
    return not wanted or said == wanted or (said, wanted) == ("integer", "number")


def misread(reader: Schema, writer: Schema) -> Iterator[str]:
    """Yield what a writer may say, or leave open, that its reader refuses for all its type."""
    yield from _unknown_values(reader, writer)
    yield from _out_of_bounds(reader, writer)
    for key in _SAME:
        if key in reader and reader[key] != writer.get(key):
            yield f"{key} {json_text(reader[key])} does not hold"


def _type(schema: Schema) -> str:
    if values := sequence(schema.get("enum")):
        return "string" if isinstance(values[0], str) else "integer"
    return text(schema.get("type"))


def _unknown_values(reader: Schema, writer: Schema) -> Iterator[str]:
    if "enum" not in reader:
        return
    known, said = sequence(reader["enum"]), sequence(writer.get("enum"))
    if not said:
        yield f"only {', '.join(map(json_text, known))} is known"
    for value in said:
        if value not in known:
            yield f"{json_text(value)} is unknown"


def _out_of_bounds(reader: Schema, writer: Schema) -> Iterator[str]:
    for keys, sign in ((_LOWER, 1), (_UPPER, -1)):
        for key in keys:
            bound = _number(reader, key)
            kept = _number(writer, key)
            if bound is not None and (kept is None or (kept - bound) * sign < 0):
                yield f"{key} {json_text(reader[key])} does not hold"


def _number(schema: Schema, key: str) -> float | None:
    value = schema.get(key)
    return value if isinstance(value, int | float) else None
