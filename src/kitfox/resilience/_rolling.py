"""How often a few things happened lately."""

from collections.abc import Sequence
from math import inf


class Rolling:
    """Counts of the last `window` seconds, for each of `kinds` kinds of event.

    Time is cut into `buckets`, and the oldest is dropped when a new one begins: what is counted is
    between `window` and one bucket less. What comes late is counted in the present bucket.
    `totals` are the counts by kind as of the last time told.
    """

    __slots__ = ("_ends", "_newest", "_position", "_ring", "_width", "totals")

    def __init__(self, kinds: int, *, window: float, buckets: int) -> None:
        self.totals = [0] * kinds
        self._ring = [[0] * kinds for _ in range(buckets)]
        self._position = 0
        self._newest = self._ring[0]
        self._width = window / buckets
        self._ends = -inf  # of the newest bucket

    def at(self, now: float) -> Sequence[int]:
        """Return the counts by kind."""
        if now >= self._ends:
            self._turn(now)
        return self.totals

    def add(self, kind: int, now: float) -> None:
        """Count an event."""
        if now >= self._ends:
            self._turn(now)
        self._newest[kind] += 1
        self.totals[kind] += 1

    def clear(self) -> None:
        """Forget all events."""
        for counts in (self.totals, *self._ring):
            counts[:] = [0] * len(counts)

    def _turn(self, now: float) -> None:
        """Begin as many buckets as time has passed for."""
        if now - self._ends >= self._width * len(self._ring):
            self.clear()
            self._ends = now + self._width
        while self._ends <= now:
            self._drop_oldest()
            self._ends += self._width

    def _drop_oldest(self) -> None:
        self._position = (self._position + 1) % len(self._ring)
        oldest = self._newest = self._ring[self._position]
        for kind, count in enumerate(oldest):
            self.totals[kind] -= count
            oldest[kind] = 0
