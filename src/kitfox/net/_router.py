"""Which target answers a verb and a path: pure, and independent of what a target is.

A template is literal segments and `{name}` segments; `/users/{id}` matches `/users/7`. A literal
wins over a name, whatever the order in which they were added. No name matches an empty segment.

All templates with names are one regular expression a verb, so that a look-up costs one match: each
template ends in an empty group, whose number (`lastindex`) tells which template it was.
"""

import re
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_NAMED = re.compile(r"\{([A-Za-z_]\w*)\}")


# A target, and the texts that stand in the path for the template's names. A plain tuple: one is
# made for each request.
Match = tuple[T, dict[str, str]]


class _Entry(NamedTuple, Generic[T]):
    """One template: its segments decide its turn."""

    segments: tuple[str, ...]
    target: T

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(match[1] for s in self.segments if (match := _NAMED.fullmatch(s)))

    def turn(self) -> tuple[bool, ...]:
        """Sort literal segments before named ones, from the left."""
        return tuple(_NAMED.fullmatch(segment) is not None for segment in self.segments)

    def shape(self) -> tuple[str, ...]:
        """What two templates share that match the same paths."""
        return tuple("{}" if _NAMED.fullmatch(segment) else segment for segment in self.segments)

    def pattern(self) -> str:
        parts = ("([^/]+)" if _NAMED.fullmatch(s) else re.escape(s) for s in self.segments)
        return "/" + "/".join(parts) + "()"


class _Table(Generic[T]):
    """The templates of one verb: those without names as a dict, the others as one expression."""

    __slots__ = ("_ends", "_match", "literal")

    def __init__(self, entries: list[_Entry[T]]) -> None:
        self._ends: dict[int, tuple[T, tuple[str, ...], int]] = {}
        named = sorted((e for e in entries if e.names), key=lambda entry: entry.turn())
        self.literal: dict[str, Match[T]] = {
            "/" + "/".join(e.segments): (e.target, {}) for e in entries if not e.names
        }
        first = 1
        for entry in named:
            end = first + len(entry.names)
            self._ends[end] = (entry.target, entry.names, first)
            first = end + 1
        self._match = re.compile("|".join(e.pattern() for e in named) or "(?!)").fullmatch

    def find_named(self, path: str) -> Match[T] | None:
        match = self._match(path)
        if match is None or match.lastindex is None:
            return None
        target, names, first = self._ends[match.lastindex]
        if len(names) == 1:  # the common case, at half the price
            return target, {names[0]: match[first]}
        return target, {name: match[at] for at, name in enumerate(names, first)}


class Router(Generic[T]):
    """A table of templates; HEAD is answered by what answers GET."""

    def __init__(self) -> None:
        self._entries: dict[str, list[_Entry[T]]] = {}
        self._tables: dict[str, _Table[T]] = {}

    def add(self, verb: str, template: str, target: T) -> None:
        """Let `target` answer `verb` on the paths that `template` matches.

        Raises:
            ValueError: the template is malformed, or verb and template have a target already.
        """
        entry = _Entry(_segments_of(template), target)
        entries = self._entries.setdefault(verb, [])
        if any(entry.shape() == other.shape() for other in entries):
            msg = f"two targets for {verb} {template}"
            raise ValueError(msg)
        entries.append(entry)
        self._tables[verb] = _Table(entries)

    def find(self, verb: str, path: str) -> Match[T] | None:
        """Return what answers, or None; then `verbs` tells a wrong verb from a wrong path."""
        if (table := self._tables.get(verb)) is not None:
            found = table.literal.get(path) or table.find_named(path)
            if found is not None:
                return found
        return self.find("GET", path) if verb == "HEAD" else None

    def verbs(self, path: str) -> tuple[str, ...]:
        """Return the verbs that have a target on `path`, sorted; none for an unknown path."""
        verbs = {verb for verb in self._tables if self.find(verb, path)}
        return tuple(sorted(verbs | {"HEAD"} if "GET" in verbs else verbs))


def template_names(template: str) -> tuple[str, ...]:
    """Return the names in a template, in order.

    Raises:
        ValueError: the template is malformed.
    """
    return _Entry(_segments_of(template), None).names


def _segments_of(template: str) -> tuple[str, ...]:
    if not template.startswith("/"):
        msg = f"path template {template!r}: expected it to start with '/'"
        raise ValueError(msg)
    segments = tuple(template[1:].split("/"))
    for segment in segments:
        if ("{" in segment or "}" in segment) and not _NAMED.fullmatch(segment):
            msg = f"path template {template!r}: a name takes a whole segment, as in '/users/{{id}}'"
            raise ValueError(msg)
    return segments
