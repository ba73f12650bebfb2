"""One value that fits a schema: small, and never another from one run to the next."""

import math
from collections.abc import Callable, Iterator, Mapping

from kitfox.schema._json_schema import (
    Schema,
    mapping,
    options,
    properties,
    referred,
    sequence,
    text,
)

# What a type that contains itself has inside itself.
_NOTHING = object()

_TEXTS: Mapping[str, str] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "decimal": "9.99",
    "duration": "PT1H",
    "partial-time": "12:00:00",
    "time": "12:00:00Z",
    "uuid": "0c94b2a4-7a35-4d1c-9a3e-5f8d3b6c1e20",
}


class Examples:
    """Makes examples; `components` are what the schemas may refer to."""

    def __init__(self, components: Schema) -> None:
        self._components = components
        self._inside: list[str] = []
        self._by_type: dict[str, Callable[[Schema], object]] = {
            "array": self._array,
            "boolean": lambda _: True,
            "integer": lambda schema: int(_number(schema, 1)),
            "null": lambda _: None,
            "number": lambda schema: _number(schema, 0.5),
            "object": self._object,
            "string": _string,
        }

    def of(self, schema: Schema) -> object:
        """Return an example; patterns are the one thing that it may not fit."""
        if chosen := sequence(schema.get("examples")) or sequence(schema.get("enum")):
            return chosen[0]
        if default := schema.get("default"):
            return default
        if name := referred(schema):
            return self._component(name)
        if "anyOf" in schema:
            return self._union(schema)
        make = self._by_type.get(text(schema.get("type")))
        return {} if make is None else make(schema)

    def _component(self, name: str) -> object:
        if name in self._inside:
            return _NOTHING
        self._inside.append(name)
        try:
            return self.of(mapping(self._components[name]))
        finally:
            self._inside.pop()

    def _union(self, schema: Schema) -> object:
        made = (self.of(option) for option in options(schema))
        return next((value for value in made if value is not _NOTHING), _NOTHING)

    def _object(self, schema: Schema) -> object:
        made = {name: self.of(field) for name, field in properties(schema).items()}
        if others := mapping(schema.get("additionalProperties")):
            made["key"] = self.of(others)
        return {name: value for name, value in made.items() if value is not _NOTHING}

    def _array(self, schema: Schema) -> object:
        if each := sequence(schema.get("prefixItems")):
            return [self.of(mapping(item)) for item in each]
        item = self.of(mapping(schema.get("items")))
        return [] if item is _NOTHING else [item] * max(1, int(_limit(schema, "minItems", 0)))


def _string(schema: Schema) -> str:
    if schema.get("contentEncoding") == "base64":
        return "a2l0Zm94"
    sample = _TEXTS.get(text(schema.get("format")), "text")
    shortest = int(_limit(schema, "minLength", 0))
    return sample.ljust(shortest, ".")[: int(_limit(schema, "maxLength", len(sample) + shortest))]


def _number(schema: Schema, step: float) -> float:
    """Return `step` or whatever else is near the bounds and between them."""
    return next((number for number in _candidates(schema, step) if _fits(schema, number)), step)


def _candidates(schema: Schema, step: float) -> Iterator[float]:
    step = _limit(schema, "multipleOf", step)
    yield step
    for bound in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        if bound in schema:
            at = _limit(schema, bound, 0)
            yield from (at, math.ceil(at / step) * step, math.floor(at / step) * step)
            yield from (
                at + step,
                math.floor(at / step + 1) * step,
                math.ceil(at / step - 1) * step,
            )


def _fits(schema: Schema, number: float) -> bool:
    return (
        _limit(schema, "minimum", -math.inf) <= number <= _limit(schema, "maximum", math.inf)
        and number > _limit(schema, "exclusiveMinimum", -math.inf)
        and number < _limit(schema, "exclusiveMaximum", math.inf)
        and not math.fmod(number, _limit(schema, "multipleOf", number or 1))
    )


def _limit(schema: Schema, name: str, otherwise: float) -> float:
    value = schema.get(name)
    return value if isinstance(value, int | float) else otherwise
