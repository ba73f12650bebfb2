"""The line that makes one call from a shell."""

import shlex
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from kitfox.schema._entries import Entry
from kitfox.schema._json_schema import json_text, sequence


def curl(entry: Entry, base: str, values: Mapping[str, object], body: object) -> str:
    """Return the command; `values` are those of the parameters, by name."""
    path = entry.path
    for field in entry.parameters:
        if field.where == "path":
            path = path.replace(f"{{{field.name}}}", quote(_plain(values[field.name]), safe=""))
    query = [
        (field.name, _plain(item))
        for field in entry.parameters
        if field.where == "query" and field.required
        for item in sequence(values[field.name]) or [values[field.name]]
    ]
    url = base.rstrip("/") + path + ("?" + urlencode(query) if query else "")
    words = ["curl", *_options(entry)]
    if entry.body is not None:
        words += ["--json", shlex.quote(json_text(body)), "\\\n "]
    return " ".join([*words, shlex.quote(url)])


def _options(entry: Entry) -> list[str]:
    implied = "GET" if entry.body is None else "POST"
    unbuffered = ["-N"] if entry.streams else []
    return unbuffered if entry.verb == implied else [*unbuffered, "-X", entry.verb]


def _plain(value: object) -> str:
    """Return a value as a URL says it: a string bare, anything else as JSON."""
    return value if isinstance(value, str) else json_text(value)
