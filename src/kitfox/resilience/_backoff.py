"""How long to wait before trying again."""

from dataclasses import dataclass
from typing import Final

_MOST_DOUBLINGS: Final = 64  # more would overflow, and no wait is that long


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits that grow, with full jitter: any length from none up to the limit is as likely.

    Callers that failed together must not come back together. The source is M. Brooker,
    "Exponential Backoff and Jitter", AWS Architecture Blog, 2015. Times are in seconds.
    """

    base: float = 0.01
    """The first wait's limit,"""
    factor: float = 2.0
    """by how much each further one is longer,"""
    longest: float = 1.0
    """and where that ends."""

    def __post_init__(self) -> None:
        if self.base < 0 or self.longest < 0 or not 1 <= self.factor <= 100:
            expected = "base >= 0, longest >= 0 and a factor from 1 to 100"
            raise ValueError(f"backoff: expected {expected}, got {self}")

    def wait(self, failed: int, draw: float) -> float:
        """Return the seconds to wait after so many failed attempts; `draw` is from 0 up to 1."""
        doublings = min(failed - 1, _MOST_DOUBLINGS)
        return draw * min(self.longest, self.base * self.factor**doublings)
