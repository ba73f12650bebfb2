"""What has changed between two descriptions, and what of it breaks those who know the old one.

Rules:

- A value goes from its writer to its reader: a request from an old caller to the new service, a
  reply from the new service to an old caller. What a reader does not understand breaks.
- What is gone breaks, be its reader ever so tolerant: what it said is lost.
- A field's number is its place in its message, or its Tag's; the binary wires go by it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from kitfox.schema._description import Description, MethodDescription
from kitfox.schema._json_schema import Schema, mapping, properties, required, sequence
from kitfox.schema._shape import Shape, Types, reference, shape_of, words
from kitfox.schema._tag import NUMBER
from kitfox.schema._values import is_of_type, misread


class Change(NamedTuple):
    """One difference: where, what, and whether it breaks callers that know the old description."""

    where: str
    what: str
    breaking: bool


def diff(old: Description, new: Description) -> list[Change]:
    """Return all differences that callers could notice, in the order of the methods' names."""
    olds = {method.full_name: method for method in old.methods}
    news = {method.full_name: method for method in new.methods}
    changes: list[Change] = []
    for name in sorted(olds.keys() | news.keys()):
        if name not in news:
            changes.append(Change(name, "is gone", breaking=True))
        elif name not in olds:
            changes.append(Change(name, "is new", breaking=False))
        else:
            changes += _method(olds[name], news[name], Types(old.types), Types(new.types))
    return changes


def _method(
    old: MethodDescription, new: MethodDescription, olds: Types, news: Types
) -> Iterator[Change]:
    name = old.full_name
    if old.kind != new.kind:
        yield Change(name, f"is {_kind(new)}, no longer {_kind(old)}", breaking=True)
        return
    if old.idempotent and not new.idempotent:
        yield Change(name, "is idempotent no longer, and callers may repeat it", breaking=True)
    elif new.idempotent and not old.idempotent:
        yield Change(name, "is idempotent now", breaking=False)
    yield from _Walk(olds, news, request=True).value(f"{name} request", old.request, new.request)
    yield from _Walk(olds, news, request=False).value(f"{name} reply", old.reply, new.reply)


def _kind(method: MethodDescription) -> str:
    return method.kind.replace("_", " ")


_INNER = frozenset({"items", "additionalProperties"})


class _Walk:
    """Goes through two schemas side by side. Each pair of definitions is looked at once."""

    def __init__(self, olds: Types, news: Types, *, request: bool) -> None:
        self._olds = olds
        self._news = news
        self._request = request
        self._seen: set[tuple[str, str]] = set()

    def value(self, where: str, old: Schema, new: Schema) -> Iterator[Change]:
        """Yield how values of one type became values of another."""
        pair = reference(old), reference(new)
        if all(pair):
            if pair in self._seen:
                return
            self._seen.add(pair)
        olds, news = self._olds.options(old), self._news.options(new)
        if len(olds) == len(news) == 1:
            yield from self._one(where, *olds.values(), *news.values())
            return
        for mark in [mark for mark in olds if mark not in news]:
            text = f"is {words(olds[mark])} no longer"
            yield Change(where, text, breaking=self._request)
        for mark in [mark for mark in news if mark not in olds]:
            text = f"may be {words(news[mark])} now"
            yield Change(where, text, breaking=not self._request)
        for mark in [mark for mark in olds if mark in news]:
            yield from self._one(where, olds[mark], news[mark])

    def _one(self, where: str, old: Schema, new: Schema) -> Iterator[Change]:
        shape = shape_of(old)
        if shape is not shape_of(new):
            reads_all = not (new if self._request else old)
            text = f"is {words(new)}, no longer {words(old)}"
            yield Change(where, text, breaking=not reads_all)
        elif shape is Shape.RECORD:
            yield from self._fields(where, old, new)
        elif shape is Shape.PLACES:
            yield from self._places(where, old, new)
        else:
            yield from self._plain(where, old, new)
            for key in _INNER & (old.keys() | new.keys()):
                yield from self.value(f"{where}[]", mapping(old.get(key)), mapping(new.get(key)))

    def _plain(self, where: str, old: Schema, new: Schema) -> Iterator[Change]:
        reader, writer = (new, old) if self._request else (old, new)
        if not is_of_type(reader, writer):
            yield Change(where, f"is {words(new)}, no longer {words(old)}", breaking=True)
        elif problems := list(misread(reader, writer)):
            yield Change(where, "; ".join(problems), breaking=True)
        elif not is_of_type(writer, reader) or any(misread(writer, reader)):
            text = "accepts more than it did" if self._request else "says less than it did"
            yield Change(where, text, breaking=False)

    def _places(self, where: str, old: Schema, new: Schema) -> Iterator[Change]:
        olds, news = sequence(old["prefixItems"]), sequence(new["prefixItems"])
        if len(olds) != len(news):
            text = f"has {len(news)} places, no longer {len(olds)}"
            yield Change(where, text, breaking=True)
            return
        for place, (before, after) in enumerate(zip(olds, news, strict=True)):
            yield from self.value(f"{where}[{place}]", mapping(before), mapping(after))

    def _fields(self, where: str, old: Schema, new: Schema) -> Iterator[Change]:
        olds, news = properties(old), properties(new)
        needed_before, needed_now = required(old), required(new)
        for name in [name for name in olds if name not in news]:
            yield Change(f"{where}.{name}", "is gone", breaking=True)
        for name in [name for name in news if name not in olds]:
            needed = name in needed_now
            text = "is new and required" if needed and self._request else "is new"
            yield Change(f"{where}.{name}", text, breaking=needed and self._request)
        for name in [name for name in olds if name in news]:
            at = f"{where}.{name}"
            yield from self._need(at, before=name in needed_before, now=name in needed_now)
            yield from _number(at, _numbers(olds)[name], _numbers(news)[name])
            yield from self.value(at, olds[name], news[name])

    def _need(self, where: str, *, before: bool, now: bool) -> Iterator[Change]:
        if now and not before:
            yield Change(where, "is required now", breaking=self._request)
        elif before and not now:
            yield Change(where, "is optional now", breaking=not self._request)


def _number(where: str, old: object, new: object) -> Iterator[Change]:
    if old != new:
        yield Change(where, f"has the number {new}, no longer {old}", breaking=True)


def _numbers(fields: dict[str, Schema]) -> dict[str, object]:
    return {name: field.get(NUMBER, place) for place, (name, field) in enumerate(fields.items(), 1)}
