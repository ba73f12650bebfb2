"""One method on the page."""

from collections.abc import Iterator

import msgspec

from kitfox.schema._curl import curl
from kitfox.schema._entries import Entry, fields_of
from kitfox.schema._example import Examples
from kitfox.schema._html import HTML, tag
from kitfox.schema._json_schema import Schema, json_text
from kitfox.schema._page_message import message, prose, table


class MethodWriter:
    """Writes methods; `base` is the URL that its examples call."""

    def __init__(self, components: Schema, base: str) -> None:
        self._components = components
        self._examples = Examples(components)
        self._base = base

    def article(self, entry: Entry) -> HTML:
        """Return all there is to say about one method."""
        told = tag(
            "div",
            prose(entry.summary),
            prose(entry.description),
            tag("h4", "Request"),
            self._request(entry),
            tag("h4", "Replies" if entry.streams else "Reply"),
            message(entry.reply, self._components),
        )
        return tag("article", _heading(entry), told, self._example(entry), id=entry.id)

    def _request(self, entry: Entry) -> HTML:
        if not entry.parameters:
            return message(entry.body or {"properties": {}}, self._components)
        body = fields_of(entry.body or {}, self._components)
        located = (field._replace(where="body") for field in body)
        return table([*entry.parameters, *located], self._components)

    def _example(self, entry: Entry) -> HTML:
        values = {field.name: self._examples.of(field.schema) for field in entry.parameters}
        body = None if entry.body is None else self._examples.of(entry.body)
        reply = self._examples.of(entry.reply)
        return tag(
            "aside",
            tag("p", "Call"),
            _block(curl(entry, self._base, values, body)),
            tag("p", "Answer"),
            _block(f"data: {json_text(reply)}\n\ndata: …" if entry.streams else _json(reply)),
        )


def badges(entry: Entry) -> Iterator[HTML]:
    """Return what to know of a method before all else."""
    yield tag("span", entry.kind.replace("_", " "), class_=f"badge {entry.kind}")
    if entry.idempotent:
        yield tag("span", "idempotent", class_="badge idempotent")


def _heading(entry: Entry) -> HTML:
    return tag(
        "header",
        tag("h3", tag("a", entry.name, href=f"#{entry.id}"), " ", *badges(entry)),
        tag("p", tag("b", entry.verb, class_=entry.verb.lower()), " ", entry.path, class_="route"),
    )


def _block(written: str) -> HTML:
    return tag("pre", tag("code", written), tabindex="0")


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
