"""Each in turn."""

import random
from collections.abc import Callable, Sequence

from kitfox.balancing._node import Node
from kitfox.core import Call

_MOST_NODES = 1 << 32


class RoundRobin:
    """Gives each node its turn; while the nodes are the same, none is ahead by more than one.

    It begins anywhere: a hundred clients that start together must not all call the first node.
    `draw` gives a number from 0 to 1. Weights are `Weighted`'s business.
    """

    def __init__(self, *, draw: Callable[[], float] = random.random) -> None:
        self._turn = int(draw() * _MOST_NODES)

    def pick(self, nodes: Sequence[Node], call: Call, message: object, now: float) -> Node:
        """Return the node whose turn it is."""
        self._turn += 1
        return nodes[self._turn % len(nodes)]
