"""An OpenAPI document as one page to read: no script, no network, nothing but what it says."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter

from kitfox.schema._entries import Entry, entries
from kitfox.schema._html import HTML, html, tag
from kitfox.schema._json_schema import Schema, mapping, reachable, resolved, sequence, text
from kitfox.schema._page_message import component, message
from kitfox.schema._page_method import MethodWriter
from kitfox.schema._page_style import STYLE
from kitfox.schema._type_words import anchor, title_of

_SOMEWHERE = "http://127.0.0.1:8080"


def docs_page(document: Mapping[str, object]) -> str:
    """Return the page for a document that `openapi` made.

    Its examples call the document's first server, when it names one; of a path alone, as servers
    have that are mounted somewhere, the reader knows the rest. Serve the page with
    `docs_page_csp()` as its Content-Security-Policy and the document beside it as `openapi.json`.
    """
    return _Page(document).page()


def docs_page_csp() -> str:
    """Return the strictest Content-Security-Policy that leaves the page what it is."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _absolute(url: str) -> str:
    return url if "://" in url else _SOMEWHERE + url


class _Page:
    """Writes the page from the outside in."""

    def __init__(self, document: Schema) -> None:
        info = mapping(document.get("info"))
        parts = mapping(document.get("components"))
        server = mapping(next(iter(sequence(document.get("servers"))), None))
        self._title = text(info.get("title"))
        self._version = text(info.get("version"))
        self._components = mapping(parts.get("schemas"))
        self._problem = _problem(parts)
        ordered = sorted(entries(document), key=attrgetter("service", "name"))
        self._services = [(name, list(group)) for name, group in groupby(ordered, _service)]
        self._types = sorted(self._nested(ordered))
        self._methods = MethodWriter(self._components, _absolute(text(server.get("url"))))

    def page(self) -> str:
        """Return the whole document."""
        body = tag("body", self._contents(), tag("main", *self._main()))
        return "<!doctype html>\n" + tag("html", _head(self._title), body, lang="en")

    def _nested(self, shown: list[Entry]) -> set[str]:
        """Return the types that tables link to. Requests and replies are told where they are."""
        messages = [entry.body for entry in shown if entry.body] + [e.reply for e in shown]
        parameters = [field.schema for entry in shown for field in entry.parameters]
        whole = [resolved(schema, self._components) for schema in messages]
        return reachable([*whole, *parameters], self._components)

    def _contents(self) -> HTML:
        lists = (
            html(tag("p", _name_words(service)), tag("ul", *map(_entry_link, shown)))
            for service, shown in self._services
        )
        types = [_link(anchor(name), title_of(name, self._components)) for name in self._types]
        more = [_link("errors", "Errors"), *([_link("types", "Types")] if types else [])]
        return tag(
            "nav",
            tag("p", tag("a", self._title, href="#"), class_="title"),
            *lists,
            tag("p", "More"),
            tag("ul", *more),
        )

    def _main(self) -> Iterator[HTML]:
        yield tag(
            "header",
            tag("h1", self._title),
            tag("p", f"Version {self._version} · ", tag("a", "OpenAPI", href="openapi.json")),
        )
        for service, shown in self._services:
            yield tag("h2", _name_words(service), id=service)
            yield from map(self._methods.article, shown)
        yield self._errors()
        yield from self._told_types()

    def _errors(self) -> HTML:
        return html(
            tag("h2", "Errors", id="errors"),
            tag(
                "article",
                tag(
                    "p",
                    "A call that fails is answered with a status of 400 or more and a problem ",
                    "(RFC 9457), of type ",
                    tag("code", "application/problem+json"),
                    ".",
                ),
                message(self._problem, self._components),
            ),
        )

    def _told_types(self) -> Iterator[HTML]:
        if self._types:
            yield tag("h2", "Types", id="types")
        for name in self._types:
            yield component(name, self._components)


def _head(title: str) -> HTML:
    return tag(
        "head",
        HTML('<meta charset="utf-8">'),
        HTML('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        HTML('<link rel="icon" href="data:,">'),
        tag("title", title),
        tag("style", HTML(STYLE)),
    )


def _problem(parts: Schema) -> Schema:
    response = mapping(mapping(parts.get("responses")).get("Problem"))
    media = mapping(response.get("content")).get("application/problem+json")
    return mapping(mapping(media).get("schema"))


def _service(entry: Entry) -> str:
    return entry.service


def _name_words(service: str) -> HTML:
    """Return a service's name with its package set back."""
    package, dot, name = service.rpartition(".")
    return html(tag("span", package + dot), name)


def _entry_link(entry: Entry) -> HTML:
    return _link(entry.id, entry.name)


def _link(target: str, words: str) -> HTML:
    return tag("li", tag("a", words, href=f"#{target}"))
