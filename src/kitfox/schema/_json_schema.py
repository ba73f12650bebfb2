"""Small questions to JSON Schema documents (2020-12), as msgspec writes them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import msgspec

Schema = Mapping[str, object]

COMPONENT = "#/components/schemas/"


def schemas_of(types: Sequence[type], template: str) -> tuple[Sequence[Schema], dict[str, Schema]]:
    """Return the schemas of some types, and by name what they refer to, made together.

    Raises:
        ValueError: two types cannot be told apart by their full names.
    """
    try:
        made = msgspec.json.schema_components(types, ref_template=template + "{name}")
    except KeyError as error:  # msgspec's table of names has lost one of two equal ones
        twin: type = error.args[0]
        name = f"{twin.__module__}.{twin.__qualname__}"
        msg = f"two message types are both called {name}; rename one or move it to another module"
        raise ValueError(msg) from None
    schemas, components = made
    return schemas, dict(components)


def mapping(value: object) -> Schema:
    """Return `value` as the JSON object it is, an empty one when it is none."""
    return cast("Schema", value) if isinstance(value, Mapping) else {}


def sequence(value: object) -> list[object]:
    """Return `value` as the JSON array it is, an empty one when it is none."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text(value: object) -> str:
    """Return `value` as the JSON string it is, an empty one when it is none."""
    return value if isinstance(value, str) else ""


def json_text(value: object) -> str:
    """Return `value` as JSON, on one line."""
    return msgspec.json.encode(value).decode()


def referred(schema: Schema, place: str = COMPONENT) -> str:
    """Return the name of what `schema` points to in a document's `place`, or an empty string."""
    prefix, _, name = text(schema.get("$ref")).rpartition("/")
    return name if f"{prefix}/" == place else ""


def resolved(schema: Schema, components: Schema) -> Schema:
    """Return what `schema` points to, or itself."""
    name = referred(schema)
    return mapping(components[name]) if name else schema


def properties(schema: Schema) -> dict[str, Schema]:
    """Return the fields of an object, by name."""
    return {name: mapping(field) for name, field in mapping(schema.get("properties")).items()}


def required(schema: Schema) -> list[object]:
    """Return the names of the fields that an object must have."""
    return sequence(schema.get("required"))


def options(schema: Schema) -> list[Schema]:
    """Return the alternatives of a union; a schema that is none is its own only one."""
    return [mapping(option) for option in sequence(schema.get("anyOf"))] or [schema]


def is_null(schema: Schema) -> bool:
    """Whether only null fits."""
    return schema.get("type") == "null"


def reachable(root: object, components: Schema, place: str = COMPONENT) -> set[str]:
    """Return the names of the components that `root` needs, by whatever way."""
    found: set[str] = set()
    waiting = list(_references(root, place))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(components[name], place)
    return found


def _references(value: object, place: str) -> Iterator[str]:
    if name := referred(mapping(value), place):
        yield name
    for part in sequence(value) or mapping(value).values():
        yield from _references(part, place)
