"""Nodes near by before the others.

As Envoy spreads over priorities: the near nodes take all calls while enough of them are usable;
when they are fewer, the next take as much of the calls as is missing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kitfox.balancing._node import Node


class Level(NamedTuple):
    """Nodes that are equally near, and the draws, from 0 up to `below`, that fall on them."""

    below: float
    nodes: Sequence[Node]


class Prefer:
    """The metadata of the nodes to prefer, the best first: `Prefer({"zone": "a"})`.

    A node is as near as the first mapping of which it says all; nodes that fit none come last.
    While 1 / `spare` of a level is usable (by default 5 of 7), it can do the work of the whole.
    """

    def __init__(self, *levels: Mapping[str, str], spare: float = 1.4) -> None:
        self._wanted = tuple(frozenset(level.items()) for level in levels)
        self._spare = spare

    def levels(self, nodes: Sequence[Node], usable: Sequence[Node]) -> Sequence[Level]:
        """Return who takes which part of the calls, of `nodes`, some of which are `usable`."""
        counts = [0] * (len(self._wanted) + 1)
        for node in nodes:
            counts[self._distance(node)] += 1
        near: list[list[Node]] = [[] for _ in counts]
        for node in usable:
            near[self._distance(node)].append(node)
        health = [
            min(1.0, self._spare * len(some) / count) if count else 0.0
            for some, count in zip(near, counts, strict=True)
        ]
        return _levels(near, health)

    def _distance(self, node: Node) -> int:
        said = node.metadata.items()
        fits = (place for place, wanted in enumerate(self._wanted) if wanted <= said)
        return next(fits, len(self._wanted))


def _levels(near: Sequence[Sequence[Node]], health: Sequence[float]) -> Sequence[Level]:
    """Give each level what its health allows of what is left; all of it is given."""
    whole = min(1.0, sum(health))
    levels, below = list[Level](), 0.0
    for nodes, part in zip(near, health, strict=True):
        if part and below < 1.0:
            below = min(1.0, below + part / whole)
            levels.append(Level(below, nodes))
    levels[-1] = Level(1.0, levels[-1].nodes)  # sums of parts may fall short of it
    return levels
