"""Each in turn."""

from collections.abc import Sequence

from kitfox.balancing._balancer import Node
from kitfox.core import Call


class RoundRobin:
    """Gives each node its turn; while the nodes are the same, none is ahead by more than one."""

    def __init__(self) -> None:
        self._turn = 0

    def pick(self, nodes: Sequence[Node], call: Call) -> Node:
        """Return the node whose turn it is."""
        self._turn += 1
        return nodes[self._turn % len(nodes)]
