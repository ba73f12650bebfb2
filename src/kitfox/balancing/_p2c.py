"""The better of two: the default.

Power of two choices (Mitzenmacher, 2001), by the latency and the load that this client sees, as
Finagle, go-zero and Kratos do it. Two nodes are drawn, by their shares. Of them, the call goes to

1. the one that is healthy, if only one is. Up to three draws are made for two that are;
2. else the one whose cost, sqrt(latency) × (1 + calls in flight / share), is clearly lower;
3. else the one drawn first: noise in the latencies must not starve a node that is as good;

unless the other one was forgotten: nothing was given to it for a second, and nothing is unknown of
what was. Then it takes the call, or nobody would ever find out that it is well again. Such calls
are few, however many nodes are forgotten: 99 of 100 callers must not notice the node that is slow.
"""

import random
from collections.abc import Callable, Sequence
from math import inf
from typing import Final

from kitfox.balancing._node import Node
from kitfox.balancing._shares import Shares
from kitfox.core import Call

_DRAWS: Final = 3
_CLEARLY: Final = 1.2**2  # of costs that are squared: what is compared needs no roots
_MICROSECOND: Final = 1e-6


class P2C:
    """Picks the better of two nodes that are drawn.

    A node unpicked for `forget` seconds is picked when it comes up, in at most the part `spare` of
    all calls. New nodes reach their share in `slow_start` seconds. `draw` gives a number from 0 up
    to, but not including, 1.
    """

    def __init__(
        self,
        *,
        forget: float = 1.0,
        spare: float = 0.005,
        slow_start: float = 10.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._forget = forget
        self._apart = 1.0 / spare if spare else inf  # picks between two that are spared
        self._slow_start = slow_start
        self._draw = draw
        self._shares: Shares | None = None
        self._picks = 0
        self._next_spared = 0.0 if spare else inf

    def pick(self, nodes: Sequence[Node], call: Call, message: object, now: float) -> Node:
        """Return the better of two."""
        if len(nodes) == 1:
            return nodes[0]
        shares = self._shares
        if shares is None or nodes is not shares.nodes or now >= shares.until:
            shares = self._shares = Shares(nodes, now, self._slow_start)
        better, other = self._two(shares)
        self._picks += 1
        if now - other.picked_at > self._forget and self._spares(other):
            self._next_spared = self._picks + self._apart
            return other
        return better

    def _two(self, shares: Shares) -> tuple[Node, Node]:
        """Draw two nodes; return the better one first."""
        i, j = shares.pair(self._draw)
        first, second = shares.nodes[i], shares.nodes[j]
        if not (first.healthy and second.healthy):
            i, j = self._drawn_again(i, j, shares)
            first, second = shares.nodes[i], shares.nodes[j]
        if first.healthy is not second.healthy:
            return (first, second) if first.healthy else (second, first)
        latency = first.latency or second.latency  # of a node unknown, think as of the other
        load = 1.0 + first.in_flight / shares.parts[i]
        cost = (latency + _MICROSECOND) * load * load
        load = 1.0 + second.in_flight / shares.parts[j]
        if cost > _CLEARLY * ((second.latency or latency) + _MICROSECOND) * load * load:
            return second, first
        return first, second

    def _drawn_again(self, i: int, j: int, shares: Shares) -> tuple[int, int]:
        """Draw until two are healthy, or as often as that is worth."""
        for _ in range(_DRAWS - 1):
            i, j = shares.pair(self._draw)
            if shares.nodes[i].healthy and shares.nodes[j].healthy:
                break
        return i, j

    def _spares(self, node: Node) -> bool:
        """Whether a call may be spared for a node that was forgotten."""
        heard = node.measured_at >= node.picked_at or not node.in_flight
        return heard and self._picks >= self._next_spared
