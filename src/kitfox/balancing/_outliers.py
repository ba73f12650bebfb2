"""Nodes that are clearly worse than the others get no calls for a while.

Envoy's outlier detection, with its numbers where nothing spoke for others. A node is ejected

- after so many faults in a row, unless the last call on half of the others failed as well: then it
  is something that all of them need;
- or when, in an interval, the share of its calls that went well is below the mean of all nodes by
  more than 1.9 standard deviations, and by more than a margin: among nodes that are all but
  perfect, one fault in a thousand would be an outlier;

for `base` seconds, and `base` longer each time; for each `base` that went well since, one time is
forgiven. At most a part of the nodes is ejected at once. When fewer than another part of them is
well, it is not the nodes that are to blame, and all are used.

All of it is decided when calls end or begin; nothing runs in the background.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from kitfox.balancing._node import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Outliers:
    """When a node is ejected, and for how long. Times are in seconds, parts between 0 and 1."""

    streak: int = 5
    """Faults in a row."""
    base: float = 30.0
    """The first ejection's length."""
    longest: float = 300.0
    """No ejection is longer."""
    most: float = 0.5
    """The part of the nodes that may be ejected at once, rounded down."""
    panic: float = 0.5
    """All nodes are used when a smaller part of them than this is well."""
    interval: float = 10.0
    """How often nodes are compared by their success."""
    volume: int = 100
    """Calls in an interval below which a node is not compared."""
    peers: int = 5
    """Nodes with that many calls below which none is compared."""
    sigmas: float = 1.9
    """How many standard deviations below the mean success is an outlier's,"""
    margin: float = 0.05
    """and how far below it must be in any case."""

    def review(self, node: Node, nodes: Sequence[Node], now: float) -> bool:
        """Eject one of `nodes` if its faults in a row are too many; say whether it was."""
        if node.streak < self.streak or node.ejected_until > now:
            return False
        others = [other for other in nodes if other is not node]
        if sum(other.streak > 0 for other in others) >= len(others) / 2:
            return False
        return self._eject(node, nodes, now)

    def compare(self, nodes: Sequence[Node], now: float) -> bool:
        """Eject who did clearly worse than the others, and begin an interval; say if any was."""
        known = [node for node in nodes if node.good + node.faults >= self.volume]
        rates = {node: node.good / (node.good + node.faults) for node in known}
        for node in nodes:
            node.good = node.faults = 0
        if len(rates) < self.peers:
            return False
        mean = fmean(rates.values())
        bound = mean - max(self.sigmas * pstdev(rates.values()), self.margin)
        worse = [node for node, rate in rates.items() if rate < bound and node.ejected_until <= now]
        ejected = [self._eject(node, nodes, now) for node in worse]
        return any(ejected)

    def usable(self, nodes: Sequence[Node], now: float) -> Sequence[Node]:
        """Return those that are not ejected; all of them, if too few are well."""
        left = [node for node in nodes if node.ejected_until <= now]
        well = sum(node.streak < self.streak for node in left)
        return nodes if well < self.panic * len(nodes) or not left else left

    def _eject(self, node: Node, nodes: Sequence[Node], now: float) -> bool:
        ejected = sum(other.ejected_until > now for other in nodes)
        if ejected >= int(self.most * len(nodes)):
            return False
        forgiven = min((now - node.ejected_until) / self.base, node.ejections)
        times = node.ejections - int(forgiven) + 1
        node.eject(now + min(self.base * times, self.longest), times=times)
        return True
