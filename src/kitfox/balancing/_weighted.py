"""Each in turn, and some more often.

Smooth weighted round robin, as nginx has it: at each pick every node earns its weight; the richest
takes the call and pays what all have earned. Of weights 5, 1, 1 that makes a a b a c a a, not
a a a a a b c.
"""

from collections.abc import Sequence

from kitfox.balancing._node import Node
from kitfox.core import Call


class Weighted:
    """Gives each node its share by weight, spread evenly."""

    def __init__(self) -> None:
        self._earned: dict[str, float] = {}

    def pick(self, nodes: Sequence[Node], call: Call, message: object, now: float) -> Node:
        """Return the node that is furthest behind its share."""
        before = self._earned
        earned = {node.id: before.get(node.id, 0.0) + node.weight for node in nodes}
        richest = max(nodes, key=lambda node: earned[node.id])
        earned[richest.id] -= sum(node.weight for node in nodes)
        self._earned = earned
        return richest
