"""The same node for the same key.

Rendezvous hashing (Thaler and Ravishankar, 1998): a call goes to the node that has the highest
score for its key. When a node goes, its keys move, spread over all others, and no other key does;
there is no ring to keep, and a node's weight is its part of the keys. A pick looks at every node:
it is for tens of nodes, hundreds at most; with more, give each client a `Subset`.

Loads are bounded (Mirrokni, Thorup and Zadimoghaddam, 2016): a node that has `bound` times the
mean number of calls in flight is full, and a call goes to the next highest score. So a key that
everybody asks for does not sink its node.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import log
from typing import Final

from kitfox.balancing._balancer import Balancer
from kitfox.balancing._node import Node
from kitfox.balancing._p2c import P2C
from kitfox.core import Call, Key

_MASK: Final = (1 << 64) - 1
_REMEMBERED: Final = 4096  # hashes of nodes, and of the keys that are asked for all the time


class ConsistentHash:
    """Picks by a key of the call; calls without one are picked for by `otherwise`, which is P2C.

    A node may always have `room` calls in flight, whatever the others have: while there is little
    to do, a key stays where it is.
    """

    def __init__(
        self, key: Key, *, bound: float = 1.25, room: int = 8, otherwise: Balancer | None = None
    ) -> None:
        if bound < 1.0:
            msg = f"bound={bound}: expected at least 1.0, or no node would have room"
            raise ValueError(msg)
        self._key = key
        self._bound = bound
        self._room = room
        self._otherwise = otherwise or P2C()
        self._hash = lru_cache(_REMEMBERED)(_hash)

    def pick(self, nodes: Sequence[Node], call: Call, message: object, now: float) -> Node:
        """Return the node with the highest score for the call's key, of those that are not full."""
        if (key := self._key(call, message)) is None:
            return self._otherwise.pick(nodes, call, message, now)
        hashed = self._hash
        point = hashed(key)
        return max(
            self._with_room(nodes),
            key=lambda node: _score(point ^ hashed(node.id), node.weight),
        )

    def _with_room(self, nodes: Sequence[Node]) -> Sequence[Node]:
        """Return the nodes that may take one more; never none, for the bound is above the mean."""
        calls = 1 + sum(node.in_flight for node in nodes)
        each = self._bound * calls / sum(node.weight for node in nodes)
        return [node for node in nodes if node.in_flight < max(self._room, each * node.weight)]


def _score(bits: int, weight: float) -> float:
    """Return a number that is the highest for a node in the part of all keys that is its weight's.

    Weighted as by Schindelhauer and Schomaker, 2005: -weight / ln(u), u even between 0 and 1.
    """
    even = ((_mixed(bits) >> 12) + 0.5) / (1 << 52)  # as many bits as keep it below 1.0
    return -weight / log(even)


def _hash(text: str) -> int:
    """Return 64 bits that are the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def _mixed(bits: int) -> int:
    """Let each bit depend on every other: what splitmix64 (Vigna, 2015) ends with."""
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & _MASK
    return bits ^ (bits >> 31)
