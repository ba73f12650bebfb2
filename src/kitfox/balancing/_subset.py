"""A few of very many nodes, so that not every client holds a connection to every server.

Deterministic subsetting (Site Reliability Engineering, chapter 20): clients are counted off in
rounds. In each round the nodes are put in another order and cut into subsets, one for each client
of the round; so every full round loads all nodes alike. Here the order is by a hash of round and
node, not a shuffle: a node that comes or goes leaves the order of the others as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Subset:
    """So many nodes for each client.

    `client` is a number of its own, 0, 1, 2 and so on. With numbers that are drawn or hashed from a
    name, the load is even only on average.
    """

    size: int
    client: int

    def __post_init__(self) -> None:
        if self.size < 1 or self.client < 0:
            msg = f"expected a size of at least 1 and a client from 0, got {self}"
            raise ValueError(msg)

    def of(self, ids: Iterable[str]) -> frozenset[str]:
        """Return the ids of this client's nodes."""
        every = frozenset(ids)
        turn, place = divmod(self.client, max(1, len(every) // self.size))
        order = sorted(every, key=lambda name: blake2b(f"{turn}/{name}".encode()).digest())
        return frozenset(order[place * self.size :][: self.size])
