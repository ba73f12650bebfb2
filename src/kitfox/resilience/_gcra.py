"""The generic cell rate algorithm: a token bucket in a single number.

What is kept is the time at which nothing would be owed any more (the "theoretical arrival time" of
ATM's traffic management, ITU-T I.371). Each unit moves it on by 1 / rate; it may be ahead of the
clock by no more than burst / rate. So it takes little room, and one step to decide, which suits
limiters that many processes share.
"""

from math import floor, inf
from typing import Final

from kitfox.resilience._limiter import Decision

_ERR: Final = 1e-9  # what sums of floats may be off by, of one unit


class GCRA:
    """Allows `rate` a second, evenly, and `burst` at once. Times are in seconds.

    As a limiter it is one for all keys; `Keyed` gives each its own.
    """

    __slots__ = ("_done", "burst", "interval", "window")

    def __init__(self, rate: float, burst: float) -> None:
        if not 0 < rate < inf or not 0 < burst < inf:
            msg = f"rate and burst: expected numbers above 0, got {rate} and {burst}"
            raise ValueError(msg)
        self.burst = burst
        self.interval = 1.0 / rate
        self.window = burst * self.interval
        self._done = 0.0  # when nothing is owed any more

    def take(self, key: str, n: float, now: float, /) -> Decision:
        """Take `n` if they may happen now, whoever asks."""
        ahead = max(self._done - now, 0.0)
        with_these = ahead + n * self.interval
        if with_these > self.window + self.interval * _ERR:
            return self.decision(ahead, n, allowed=False)
        self._done = now + with_these
        return self.decision(with_these, n, allowed=True)

    def decision(self, ahead: float, n: float, *, allowed: bool) -> Decision:
        """Put into words what was decided about `n`; the time kept is now so far `ahead`."""
        wait = 0.0
        if not allowed:
            wait = ahead + n * self.interval - self.window if n <= self.burst else inf
        left = floor((self.window - ahead) / self.interval + _ERR)
        return Decision(allowed, self.burst, self.window, max(0, left), ahead, wait)
