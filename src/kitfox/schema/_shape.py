"""What kind of thing a schema describes, and the parts that it has of each kind. Pure."""

from collections.abc import Mapping
from enum import Enum

from kitfox.schema._json_schema import Schema, mapping, options, properties, sequence, text


class Shape(Enum):
    """What a schema describes."""

    RECORD = "object"
    MAP = "map"
    LIST = "list"
    PLACES = "list of places"
    VALUE = "value"


def shape_of(schema: Schema) -> Shape:
    """Return what a resolved schema describes that is no union."""
    if "prefixItems" in schema:
        return Shape.PLACES
    if schema.get("type") == "array":
        return Shape.LIST
    if "properties" in schema:
        return Shape.RECORD
    return Shape.MAP if schema.get("type") == "object" else Shape.VALUE


class Types:
    """The definitions of one document."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def resolved(self, schema: Schema) -> Schema:
        """Return what a schema refers to, or itself; what is not defined may be anything."""
        name = reference(schema)
        return mapping(self._definitions.get(name)) if name else schema

    def options(self, schema: Schema) -> dict[str, Schema]:
        """Return the alternatives of a schema, each by what tells it from the others."""
        found = [self.resolved(option) for option in options(self.resolved(schema))]
        found.sort(key=_mark_and_type)  # where an integer will do or a number, a number counts
        return {_mark(option): option for option in found}


def reference(schema: Schema) -> str:
    """Return the name of the definition that a schema refers to, or an empty string."""
    return text(schema.get("$ref")).rpartition("/")[2]


def words(schema: Schema) -> str:
    """Name a type, for people."""
    shape = shape_of(schema)
    if shape is not Shape.VALUE:
        return text(schema.get("title")) or shape.value
    kind = text(schema.get("format")) or text(schema.get("type"))
    return text(schema.get("title")) or kind or "anything"


def _mark(schema: Schema) -> str:
    """Return a union's tag, or the JSON type: two members of one union never share it."""
    for field in properties(schema).values():
        values = sequence(field.get("enum"))
        if len(values) == 1 and shape_of(schema) is Shape.RECORD:
            return str(values[0])
    if values := sequence(schema.get("enum")):
        return "string" if isinstance(values[0], str) else "number"
    kind = text(schema.get("type")) or "anything"
    return "number" if kind == "integer" else kind


def _mark_and_type(schema: Schema) -> tuple[str, str]:
    return _mark(schema), text(schema.get("type"))
