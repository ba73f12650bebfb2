"""What a schema says, in words for people."""

from collections.abc import Iterator, Mapping

from kitfox.schema._html import HTML, html, tag
from kitfox.schema._json_schema import Schema, json_text, mapping, options, referred, sequence, text

_LIMITS: Mapping[str, str] = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "a multiple of {}",
    "minLength": "length ≥ {}",
    "maxLength": "length ≤ {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "uniqueItems": "each once",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
}


def type_words(schema: Schema, components: Schema) -> HTML:
    """Return the type with its constraints; a component's name is a link to where it is told."""
    return _joined(", ", _kind(schema, components), *_limits(schema))


def anchor(component: str) -> str:
    """Return the fragment under which a component is told."""
    return f"type-{component}"


def title_of(component: str, components: Schema) -> str:
    """Return the name by which people know a component."""
    return text(mapping(components.get(component)).get("title")) or component


def literal(value: object) -> HTML:
    """Return a value as JSON writes it."""
    return tag("code", json_text(value))


def _kind(schema: Schema, components: Schema) -> HTML:
    if name := referred(schema):
        return tag("a", title_of(name, components), href=f"#{anchor(name)}")
    if values := sequence(schema.get("enum")):
        return html("one of " if values[1:] else "", _joined(", ", *map(literal, values)))
    if "anyOf" in schema:
        return _joined(" or ", *(type_words(option, components) for option in options(schema)))
    if schema.get("type") == "array":
        return _list(schema, components)
    if "additionalProperties" in schema and "properties" not in schema:
        return html("map of ", _each(mapping(schema["additionalProperties"]), components))
    if schema.get("contentEncoding"):
        return html("bytes in base64")
    return html(text(schema.get("format")) or text(schema.get("type")) or "anything")


def _list(schema: Schema, components: Schema) -> HTML:
    if each := sequence(schema.get("prefixItems")):
        words = [type_words(mapping(item), components) for item in each]
        return html("[", _joined(", ", *words), "]")
    return html("list of ", _each(mapping(schema.get("items")), components))


def _each(schema: Schema, components: Schema) -> HTML:
    words = type_words(schema, components)
    alternatives = "anyOf" in schema or "enum" in schema
    return html("(", words, ")") if alternatives else words


def _limits(schema: Schema) -> Iterator[HTML]:
    for key, words in _LIMITS.items():
        if key in schema and "prefixItems" not in schema:
            yield html(words.format(schema[key]))
    if "pattern" in schema:
        yield html("like ", tag("code", text(schema["pattern"])))


def _joined(between: str, *parts: HTML) -> HTML:
    return HTML(html(between).join(parts))
