"""Messages on the page: tables of fields, types, and prose."""

import re
from collections.abc import Iterator, Sequence

from kitfox.schema._entries import Field, fields_of
from kitfox.schema._html import HTML, html, tag
from kitfox.schema._json_schema import Schema, mapping, resolved, text
from kitfox.schema._type_words import anchor, literal, title_of, type_words

_CODE = re.compile(r"``?([^`]+)``?")
_BLANK = re.compile(r"\n\s*\n")


def prose(written: str) -> HTML:
    """Return paragraphs; what stands between backticks is code."""
    return html(*(tag("p", _inline(part.strip())) for part in _BLANK.split(written) if part))


def _inline(written: str) -> HTML:
    text_and_code = _CODE.split(written)
    return html(*(tag("code", part) if i % 2 else part for i, part in enumerate(text_and_code)))


def message(schema: Schema, components: Schema) -> HTML:
    """Return what a message consists of: its fields, or its type when it has none."""
    whole = resolved(schema, components)
    if fields := fields_of(schema, components):
        about = text(whole.get("description")) if "$ref" in schema else ""
        return html(prose(about), table(fields, components))
    if "properties" in whole:
        return tag("p", "No fields.", class_="none")
    return tag("p", type_words(whole, components), class_="type")


def table(fields: Sequence[Field], components: Schema) -> HTML:
    """Return fields as a table, one a row."""
    rows = (_row(field, components) for field in fields)
    return tag("table", tag("tbody", *rows))


def _row(field: Field, components: Schema) -> HTML:
    place = tag("span", field.where, class_="where") if field.where else html()
    return tag(
        "tr",
        tag("th", tag("code", field.name), " ", place, scope="row"),
        tag("td", tag("div", type_words(field.schema, components), class_="type"), *_notes(field)),
    )


def _notes(field: Field) -> Iterator[HTML]:
    if not field.required:
        yield tag("div", _default(field.schema), class_="optional")
    if field.description:
        yield tag("div", _inline(field.description))


def _default(schema: Schema) -> HTML:
    if schema.get("default") is None:
        return html("optional")
    return html("optional, ", literal(schema["default"]), " when left out")


def component(name: str, components: Schema) -> HTML:
    """Return a section that tells what a named type is."""
    whole = mapping(components[name])
    return tag(
        "article",
        tag("h3", title_of(name, components)),
        prose(text(whole.get("description"))),
        message(whole, components),
        id=anchor(name),
    )
