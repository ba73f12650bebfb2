"""Whose the next connection is, where several processes take them from one socket. Pure.

Rules:

- Who has no more connections open than any other, or hardly more, takes it.
- Who has more leaves it to those who have fewer, and looks again after a moment.
- Whose count has not moved by then has no time: it is busy, stopped or gone. Nobody waits for it
  before its count moves, or before some connections are taken: a single one the first few times,
  for it may only be slow to wake up, then 2, 4 and so on.

So a connection waits for one moment at most unless others are taken meanwhile, and who never has
time is soon waited for hardly ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 0.002
"""The moment, in seconds: long enough for an idle process to wake up and take what is its own."""

_HARDLY = 8  # one in so many: a rush to those who have many is not held up by moments
_FEW = 4  # moments that somebody idle may miss on a busy machine
_ENOUGH = 10  # doublings after which further ones make no difference

Counts = Mapping[int, int]
"""How many connections others have open, by their places."""


@dataclass(frozen=True, slots=True)
class _WithoutTime:
    count: int  # of its connections, all the while
    moments: int  # after the first
    until: int  # so many connections are taken


class Courtesy:
    """How one process gives way to the others."""

    def __init__(self) -> None:
        self._taken = 0
        self._without_time: dict[int, _WithoutTime] = {}

    def whose(self, own: int, others: Counts) -> Counts:
        """Return to whom the next connection is left; to nobody, when it is this process's."""
        return {
            place: count
            for place, count in others.items()
            if count < own - own // _HARDLY and self._has_time(place, count)
        }

    def took(self) -> None:
        """Note that this process has taken a connection."""
        self._taken += 1

    def waited(self, for_whom: Counts, others: Counts) -> None:
        """Note who has let a moment pass."""
        for place, count in for_whom.items():
            if others.get(place) == count:
                self._without_time[place] = self._once_more(place, count)

    def _has_time(self, place: int, count: int) -> bool:
        noted = self._without_time.get(place)
        return noted is None or noted.count != count or noted.until <= self._taken

    def _once_more(self, place: int, count: int) -> _WithoutTime:
        noted = self._without_time.get(place)
        moments = noted.moments + 1 if noted is not None and noted.count == count else 0
        doublings = min(max(moments - _FEW, 0), _ENOUGH)
        return _WithoutTime(count, moments, self._taken + 2**doublings)
