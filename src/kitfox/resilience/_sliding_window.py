"""A sliding window of two counters.

Counted is what happened in the present window and in the one before it, which lie side by side. Of
the latter counts the part that a window which ends now would still cover, as if it had happened
evenly. (Cloudflare's: https://blog.cloudflare.com/counting-things-a-lot-of-different-things/)

It did not happen evenly, so this errs. In any `x` seconds no more than limit × (1 + x / per) are
allowed, for x up to `per`: never more than the limit in a moment, as happens at the seam of fixed
windows, and never twice the limit in a window. On the other side, up to `limit` that happened
longer than `per` ago may still count, for less than another `per`.
"""

from math import floor, inf
from typing import Final

from kitfox.resilience._limiter import Decision

_ERR: Final = 1e-9  # what sums of floats may be off by


class SlidingWindow:
    """Allows about `limit` in any `per` seconds, and all of them at once.

    As a limiter it is one for all keys; `Keyed` gives each its own.
    """

    __slots__ = ("_before", "_count", "_window", "limit", "per")

    def __init__(self, limit: float, per: float) -> None:
        if not 0 < limit < inf or not 0 < per < inf:
            msg = f"limit and per: expected numbers above 0, got {limit} and {per}"
            raise ValueError(msg)
        self.limit = limit
        self.per = per
        self._window = 0  # the number of the present one
        self._count = self._before = 0.0

    def take(self, key: str, n: float, now: float, /) -> Decision:
        """Take `n` if they may happen now, whoever asks."""
        part = self._turn(now)
        used = self._count + self._before * (1.0 - part)
        allowed = used + n <= self.limit + _ERR
        if allowed:
            self._count += n
        return self.decision(self._count, self._before, part, n, allowed=allowed)

    def _turn(self, now: float) -> float:
        """Go on to the window of `now`; return what part of it is over."""
        window, part = divmod(now / self.per, 1.0)
        if window > self._window:
            self._before = self._count if window == self._window + 1 else 0.0
            self._count = 0.0
            self._window = int(window)
        return part

    def decision(
        self, count: float, before: float, part: float, n: float, *, allowed: bool
    ) -> Decision:
        """Put into words what was decided about `n`, when `part` of the present window is over."""
        used = count + before * (1.0 - part)
        wait = 0.0 if allowed else self._wait(count, before, part, n)
        windows = 2.0 if count else 1.0 if before else part
        return Decision(
            allowed=allowed,
            limit=self.limit,
            window=self.per,
            remaining=max(0, floor(self.limit - used + _ERR)),
            reset=(windows - part) * self.per,
            retry_after=wait,
        )

    def _wait(self, count: float, before: float, part: float, n: float) -> float:
        """Return after how long `n` would be allowed, if nothing happened meanwhile."""
        if n > self.limit:
            return inf
        if count + n <= self.limit:  # when less of the window before is covered
            then = 1.0 - (self.limit - n - count) / before
        else:  # or when less of the present one is
            then = 2.0 - (self.limit - n) / count
        return max(0.0, then - part) * self.per
