"""Whoever has least to do."""

import random
from collections.abc import Callable, Sequence

from kitfox.balancing._node import Node
from kitfox.core import Call


class LeastInFlight:
    """Picks the node with the fewest calls in flight for its weight; the draw decides among equals.

    It sees this client's calls only. Many clients that all see the same node idle would all run to
    it: `P2C` looks at two at a time for that reason. `draw` gives a number from 0 up to 1.
    """

    def __init__(self, *, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw

    def pick(self, nodes: Sequence[Node], call: Call, message: object, now: float) -> Node:
        """Return one of the least loaded."""
        loads = [node.in_flight / node.weight for node in nodes]
        least = min(loads)
        idlest = [node for node, load in zip(nodes, loads, strict=True) if load == least]
        return idlest[int(self._draw() * len(idlest))]
