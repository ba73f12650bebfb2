"""The nodes of a cluster that a call may go to now.

Of all nodes those that drain are left out, then those that are ejected, then those that are further
away than need be. What is left is worked out when something changes, not at each call.
"""

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from kitfox.balancing._node import Node
from kitfox.balancing._outliers import Outliers
from kitfox.balancing._prefer import Level, Prefer
from kitfox.balancing._subset import Subset

_LOOK_AGAIN: Final = 1.0  # seconds, while nodes are ejected or in doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """What nodes a balancer picks among. None stands for without."""

    outliers: Outliers | None = field(default_factory=Outliers)
    prefer: Prefer | None = None
    subset: Subset | None = None


class Candidates:
    """Keeps the nodes of one cluster, and which of them may take a call.

    `draw`, a number from 0 up to 1, decides which calls go further away, if some must.
    """

    def __init__(self, among: Among, *, draw: Callable[[], float] = random.random) -> None:
        self._outliers = among.outliers
        self._prefer = among.prefer
        self._draw = draw
        self._working: Sequence[Node] = ()
        self._levels: Sequence[Level] = (Level(1.0, ()),)
        self._until = -inf  # as long as the levels hold
        self._streak: float = inf
        self._compare_at = inf
        if self._outliers is not None:
            self._streak, self._compare_at = self._outliers.streak, -inf

    def replace(self, nodes: Iterable[Node]) -> None:
        """Take another set of nodes, or the same after a weight or what they say has changed."""
        self._working = tuple(node for node in nodes if not node.draining)
        self._until = -inf

    def at(self, now: float) -> Sequence[Node]:
        """Return the nodes to pick from; the same sequence while nothing changes."""
        if now >= self._until:
            self._refresh(now)
        if len(self._levels) == 1:
            return self._levels[0].nodes
        draw = self._draw()
        return next(level.nodes for level in self._levels if draw < level.below)

    def others(
        self, now: float, *, tried: Collection[str], barred: Collection[str]
    ) -> Sequence[Node]:
        """Return the nodes for a further attempt: none of those `barred`, if possible new ones.

        A node that is further away, or even ejected, is better than one where the call was tried.
        """
        left = [node for node in self._working if node.id not in barred]
        new = [node for node in left if node.id not in tried]
        usable = set(self.at(now))
        best = ([node for node in some if node in usable] for some in (new, left))
        return next(best) or new or next(best) or left

    def review(self, node: Node, now: float) -> None:
        """See whether a node, after a call on it was recorded, is an outlier."""
        if node.streak < self._streak and now < self._compare_at:
            return
        if self._outliers is not None and self._ejects(self._outliers, node, now):
            self._until = -inf

    def _ejects(self, outliers: Outliers, node: Node, now: float) -> bool:
        ejected = outliers.review(node, self._working, now)
        if now >= self._compare_at:
            ejected |= outliers.compare(self._working, now)
            self._compare_at = now + outliers.interval
        return ejected

    def _refresh(self, now: float) -> None:
        nodes = usable = self._working
        self._until = inf
        if self._outliers is not None:
            self._readmit(now)
            usable = self._outliers.usable(nodes, now)
        if self._prefer is None or not usable:
            self._levels = [Level(1.0, usable)]
        else:
            self._levels = self._prefer.levels(nodes, usable)

    def _readmit(self, now: float) -> None:
        """Let those begin anew whose ejection is over; note when to look for the next."""
        for node in self._working:
            if node.since < node.ejected_until <= now:
                node.readmit(now)
        if ends := [node.ejected_until for node in self._working if node.ejected_until > now]:
            self._until = min(now + _LOOK_AGAIN, *ends)
