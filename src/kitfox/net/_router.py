"""Which target answers a verb and a path: pure, and independent of what a target is.

A template is literal segments and `{name}` segments; `/users/{id}` matches `/users/7`. A literal
wins over a name, whatever the order in which they were added. No name matches an empty segment.
"""

import re
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_NAMED = re.compile(r"\{([A-Za-z_]\w*)\}")


class Match(NamedTuple, Generic[T]):
    """A target, and the texts that stand in the path for the template's names."""

    target: T
    names: dict[str, str]


class _Leaf(NamedTuple, Generic[T]):
    target: T
    names: tuple[str, ...]


class _Node(Generic[T]):
    """One segment deeper in the tree of templates."""

    __slots__ = ("leaves", "literal", "named")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[T]] = {}
        self.named: _Node[T] | None = None
        self.leaves: dict[str, _Leaf[T]] = {}


class Router(Generic[T]):
    """A table of templates; HEAD is answered by what answers GET."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, verb: str, template: str, target: T) -> None:
        """Let `target` answer `verb` on the paths that `template` matches.

        Raises:
            ValueError: the template is malformed, or verb and template have a target already.
        """
        node = self._root
        names: list[str] = []
        for segment in _segments_of(template):
            if (named := _NAMED.fullmatch(segment)) is None:
                node = node.literal.setdefault(segment, _Node())
                continue
            names.append(named[1])
            node.named = node.named or _Node()
            node = node.named
        if verb in node.leaves:
            msg = f"two targets for {verb} {template}"
            raise ValueError(msg)
        node.leaves[verb] = _Leaf(target, tuple(names))

    def find(self, verb: str, path: str) -> Match[T] | None:
        """Return what answers, or None; then `verbs` tells a wrong verb from a wrong path."""
        found = _walk(self._root, path[1:].split("/"), 0)
        if found is None:
            return None
        node, texts = found
        leaf = node.leaves.get(verb)
        if leaf is None and (verb != "HEAD" or (leaf := node.leaves.get("GET")) is None):
            return None
        return Match(leaf.target, dict(zip(leaf.names, texts, strict=True)))

    def verbs(self, path: str) -> tuple[str, ...]:
        """Return the verbs that have a target on `path`, sorted; none for an unknown path."""
        found = _walk(self._root, path[1:].split("/"), 0)
        return () if found is None else tuple(sorted(found[0].leaves))


def template_names(template: str) -> tuple[str, ...]:
    """Return the names in a template, in order.

    Raises:
        ValueError: the template is malformed.
    """
    return tuple(m[1] for s in _segments_of(template) if (m := _NAMED.fullmatch(s)))


def _segments_of(template: str) -> list[str]:
    if not template.startswith("/"):
        msg = f"path template {template!r}: expected it to start with '/'"
        raise ValueError(msg)
    segments = template[1:].split("/")
    for segment in segments:
        if ("{" in segment or "}" in segment) and not _NAMED.fullmatch(segment):
            msg = f"path template {template!r}: a name takes a whole segment, as in '/users/{{id}}'"
            raise ValueError(msg)
    return segments


def _walk(node: _Node[T], segments: list[str], at: int) -> tuple[_Node[T], list[str]] | None:
    """Return the node that the segments from `at` on lead to, and the texts of its names."""
    if at == len(segments):
        return (node, []) if node.leaves else None
    segment = segments[at]
    if (child := node.literal.get(segment)) and (found := _walk(child, segments, at + 1)):
        return found
    if segment and node.named and (found := _walk(node.named, segments, at + 1)):
        return found[0], [segment, *found[1]]
    return None
