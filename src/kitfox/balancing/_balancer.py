"""Which of several instances takes a call."""

from collections.abc import Sequence
from typing import Protocol

from kitfox.core import Call


class Node:
    """An instance as the balancer sees it: `id` names it, `in_flight` calls are running on it."""

    __slots__ = ("id", "in_flight", "weight")

    def __init__(self, id: str, weight: float = 1.0) -> None:
        self.id = id
        self.weight = weight
        self.in_flight = 0

    def __repr__(self) -> str:
        """Return the id and the load."""
        return f"<Node {self.id} in_flight={self.in_flight}>"


class Balancer(Protocol):
    """Chooses without I/O and without waiting."""

    def pick(self, nodes: Sequence[Node], call: Call) -> Node:
        """Return one of `nodes`, which are at least one and always in the same order."""
        ...
