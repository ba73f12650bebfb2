"""Any of them."""

import random
from collections.abc import Callable, Sequence

from kitfox.balancing._node import Node
from kitfox.core import Call


class Random:
    """Picks each node equally often in the long run, and remembers nothing.

    `draw` gives a number from 0 up to, but not including, 1.
    """

    def __init__(self, *, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw

    def pick(self, nodes: Sequence[Node], call: Call, message: object, now: float) -> Node:
        """Return the node that the draw falls on."""
        return nodes[int(self._draw() * len(nodes))]
