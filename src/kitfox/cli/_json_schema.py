"""The part of JSON Schema that kitfox servers write, as types; and what people call it."""

from collections.abc import Mapping

import msgspec


class Schema(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a value may be."""

    title: str = ""
    type: str | None = None
    ref: str = msgspec.field(default="", name="$ref")
    description: str = ""
    format: str = ""
    content_encoding: str = ""
    any_of: tuple["Schema", ...] = ()
    enum: tuple[str | int | float | bool | None, ...] = ()
    const: str | int | float | bool | None = None
    items: "Schema | bool" = True
    properties: dict[str, "Schema"] = {}
    required: tuple[str, ...] = ()
    additional_properties: "Schema | bool" = True


Types = Mapping[str, Schema]


def resolved(schema: Schema, types: Types) -> Schema:
    """Follow a reference to its type; an unknown one may be anything."""
    while schema.ref:
        schema = types.get(_name(schema.ref), Schema())
    return schema


def kinds(schema: Schema, types: Types) -> frozenset[str]:
    """Return the JSON types that a value may have; none when it may be anything."""
    schema = resolved(schema, types)
    if schema.any_of:
        return frozenset[str]().union(*(kinds(option, types) for option in schema.any_of))
    if schema.enum or schema.const is not None:
        return frozenset(kind_of(value) for value in schema.enum or (schema.const,))
    return frozenset({schema.type}) if schema.type else frozenset()


def kind_of(value: object) -> str:
    """Return the JSON type of a decoded value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def words(schema: Schema) -> str:
    """Name a type as briefly as a signature needs it."""
    if schema.ref:
        return _name(schema.ref)
    if schema.any_of:
        return " | ".join(words(option) for option in schema.any_of)
    if schema.enum or schema.const is not None:
        values = schema.enum or (schema.const,)
        return " | ".join(msgspec.json.encode(value).decode() for value in values)
    if schema.type == "array":
        return f"[{_inner(schema.items)}]"
    if schema.type == "object" and not schema.properties:
        return f"{{string: {_inner(schema.additional_properties)}}}"
    return schema.content_encoding or schema.format or schema.type or "any"


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _inner(schema: "Schema | bool") -> str:
    return words(schema) if isinstance(schema, Schema) else "any"
