"""What is known of nodes that left, for when they are back."""

from typing import NamedTuple

from kitfox.balancing._node import Node


class _Left(NamedTuple):
    node: Node
    at: float


class History:
    """Keeps the nodes that left, the latest `most` of them, each for `age` seconds.

    Sets flap: a registry restarts, a lease is late. Who is back at its old address is no stranger;
    at another address it is another process, of which nothing is known.
    """

    def __init__(self, *, most: int = 1000, age: float = 600.0) -> None:
        self._most = most
        self._age = age
        self._left: dict[str, _Left] = {}  # the longest gone first

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._left)

    def keep(self, node: Node, now: float) -> None:
        """Remember a node that has left."""
        self._left.pop(node.id, None)
        self._left[node.id] = _Left(node, now)
        self._forget(now)

    def recall(self, id: str, address: str, now: float) -> Node | None:
        """Return the node that was known by this id and address, and keep it no longer."""
        self._forget(now)
        left = self._left.pop(id, None)
        return left.node if left and left.node.address == address else None

    def _forget(self, now: float) -> None:
        while self._left:
            oldest = next(iter(self._left.values()))
            if len(self._left) <= self._most and now - oldest.at <= self._age:
                return
            del self._left[oldest.node.id]
