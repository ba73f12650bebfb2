"""How long all but a few things take, of late."""

from math import log
from typing import Final

_SHORTEST: Final = 1e-5  # seconds: what is shorter falls into the first bucket
_LONGEST: Final = 1e3
_GROWTH: Final = log(1.1)
_BUCKETS: Final = int(log(_LONGEST / _SHORTEST) / _GROWTH) + 2
_LOOK_AGAIN: Final = 16  # records


class Quantile:
    """An estimate of the length that a `part` of all lengths does not exceed, 0.95 of them, say.

    Lengths are counted in buckets, each a tenth longer than the one before, so the estimate is
    right within 10 %, and up to 16 records old. When `memory` of them are known, all counts are
    halved: what is old fades, and a service that becomes slower is believed.
    """

    __slots__ = ("_counts", "_known", "_memory", "_part", "_until_look", "_value")

    def __init__(self, part: float, *, memory: int = 1000) -> None:
        self._part = part
        self._memory = memory
        self._counts = [0.0] * _BUCKETS
        self._known = 0.0
        self._value = 0.0
        self._until_look = _LOOK_AGAIN

    @property
    def known(self) -> float:
        """How many lengths are known, and not faded."""
        return self._known

    @property
    def value(self) -> float:
        """The estimate, in seconds; 0.0 while less than 16 lengths are known."""
        return self._value

    def record(self, seconds: float) -> None:
        """Count a length."""
        bucket = int(log(max(seconds, _SHORTEST) / _SHORTEST) / _GROWTH)
        self._counts[min(bucket, _BUCKETS - 1)] += 1.0
        self._known += 1.0
        if self._known >= self._memory:
            self._fade()
        self._until_look -= 1
        if self._until_look <= 0:
            self._until_look = _LOOK_AGAIN
            self._value = self._look()

    def _fade(self) -> None:
        self._counts = [count / 2 for count in self._counts]
        self._known = sum(self._counts)

    def _look(self) -> float:
        above = (1 - self._part) * self._known
        for bucket in range(_BUCKETS - 1, -1, -1):
            above -= self._counts[bucket]
            if above < 0:
                return _SHORTEST * 1.1 ** (bucket + 1)
        return 0.0
