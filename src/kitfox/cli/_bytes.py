"""From the base64 of JSON to bytes, which is what wires other than HTTP carry. Pure."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import cast

from kitfox.cli._json_schema import Schema, Types, kind_of, kinds, resolved


def with_bytes(value: object, schema: Schema, types: Types) -> object:
    """Return a JSON value with bytes wherever its schema says that a text stands for some.

    A text that is no base64 stays: its receiver says what is wrong with it.
    """
    match value, resolved(schema, types):
        case _, Schema(any_of=options) if options:
            return with_bytes(value, _fitting(value, options, types), types)
        case str(), Schema(content_encoding="base64"):
            return _decoded(value)
        case list(), Schema(items=Schema() as inner):
            return [with_bytes(item, inner, types) for item in cast("list[object]", value)]
        case dict(), found:
            return _object(cast("Mapping[str, object]", value), found, types)
        case _:
            return value


def _object(value: Mapping[str, object], schema: Schema, types: Types) -> dict[str, object]:
    others = schema.additional_properties
    otherwise = others if isinstance(others, Schema) else Schema()
    fields = schema.properties
    return {key: with_bytes(item, fields.get(key, otherwise), types) for key, item in value.items()}


def _fitting(value: object, options: tuple[Schema, ...], types: Types) -> Schema:
    kind = kind_of(value)
    return next((option for option in options if kind in kinds(option, types)), Schema())


def _decoded(text: str) -> object:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return text
