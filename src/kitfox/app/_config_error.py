"""What a wrong configuration says: where it stands, which key, what was expected."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "list": "a list",
    "object": "a table",
    "dict": "a table",
    "datetime": "a date and time",
    "duration": 'a duration such as "30s"',
    "Path": "a path",
}
_INVALID = {
    "Invalid ISO8601 duration": f"expected {_TYPES['duration']}",
    "Invalid RFC3339 encoded datetime": "expected a date and time such as 2026-01-31T12:00:00Z",
}
_TYPE = re.compile(r"`(.+?)`")
_MISSING = re.compile(r"^Object missing required field `(?P<field>.+?)`")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<field>.+?)`")
_PLACE = re.compile(r" - at `\$(?P<path>.*)`$")


class ConfigError(ValueError):
    """The configuration is wrong; the message is one line for a person: `where: key: what`."""

    def __init__(self, where: str, key: str, problem: str) -> None:
        place = "" if where.endswith(f" {key}") else key  # `--set system.name` says it already
        super().__init__(": ".join(part for part in (where, place, problem) if part))
        self.where = where
        self.key = key
        self.problem = problem


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?`, or a list of what there is when nothing is near."""
    names = sorted(known)
    if near := get_close_matches(word, names, n=1):
        return f'; did you mean "{near[0]}"?'
    return f"; known here: {', '.join(names)}" if names else ""


def why_unread(error: OSError | UnicodeError) -> str:
    """Say in the system's words, without its number, why a file could not be read."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def explain(complaint: str) -> tuple[str, str]:
    """Turn a msgspec complaint into the key's path below the checked table, and our words."""
    place = _PLACE.search(complaint)
    path = place["path"].removeprefix(".") if place else ""
    said = _PLACE.sub("", complaint)
    if missing := _MISSING.match(said):
        return _below(path, missing["field"]), "missing"
    if unknown := _UNKNOWN.match(said):
        return _below(path, unknown["field"]), "unknown key"
    if said.startswith("Expected "):
        return path, "e" + _TYPE.sub(lambda type_: _words(type_[1]), said.removeprefix("E"))
    return path, _INVALID.get(said, said)


def _below(*names: str) -> str:
    return ".".join(filter(None, names))


def _words(types: str) -> str:
    names = [_TYPES.get(name, name) for name in types.split(" | ") if name != "null"]
    return " or ".join(names) or "nothing"
