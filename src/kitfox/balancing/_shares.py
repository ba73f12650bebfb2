"""What part of the calls each of some nodes is meant to take, and draws of two by these parts."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import inf
from typing import Final

from kitfox.balancing._node import Node

Draw = Callable[[], float]

_START: Final = 0.1  # what a new node's weight begins with
_STEPS: Final = 50  # in which it grows


class Shares:
    """The parts of `nodes`, as they are until `until`; 1.0 is the mean.

    A node's part is its weight, and grows from a tenth of it during its first `slow_start` seconds:
    a process that has just begun has cold caches and code that never ran.
    """

    def __init__(self, nodes: Sequence[Node], now: float, slow_start: float) -> None:
        self.nodes = nodes
        young = any(now - node.since < slow_start for node in nodes)
        self.until = now + slow_start / _STEPS if young else inf
        weights = [node.weight * _grown(node, now, slow_start) for node in nodes]
        total = sum(weights)
        self.parts = [weight * len(weights) / total for weight in weights]
        self._starts = [0.0, *accumulate(self.parts)]
        self._even = max(self.parts) - min(self.parts) < 1e-9

    def pair(self, draw: Draw) -> tuple[int, int]:
        """Draw the places of two different nodes, of which there must be two; likelier first."""
        if not self._even:
            first = self._place(draw() * self._starts[-1])
            return first, self._another(first, draw)
        others = len(self.parts) - 1
        first, second = divmod(int(draw() * (others + 1) * others), others)
        return first, second + (second >= first)

    def _place(self, point: float) -> int:
        return min(bisect_right(self._starts, point), len(self.parts)) - 1

    def _another(self, first: int, draw: Draw) -> int:
        """Draw from what is left when the first node's stretch is cut out."""
        point = draw() * (self._starts[-1] - self.parts[first])
        second = self._place(point if point < self._starts[first] else point + self.parts[first])
        return second if second != first else first - 1  # at the seams, floats may err


def _grown(node: Node, now: float, slow_start: float) -> float:
    age = now - node.since
    return 1.0 if age >= slow_start else max(_START, age / slow_start)
