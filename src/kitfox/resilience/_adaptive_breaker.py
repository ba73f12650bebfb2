"""A breaker that refuses as many calls as fail: the default.

Client-side throttling of "Handling Overload" (Site Reliability Engineering, chapter 21), with the
numbers of go-zero. Of the `calls` of the window, refused ones among them, some were `accepted`: a
server did its work. Then the next one is refused with the probability

    (calls - protect - k × accepted) / (calls + 1)

so that, when a service fails or is overloaded, about k times as many calls go to it as it can take.
By itself that formula takes minutes to believe that a dead service is well again, for it counts
what it refused. So the probability fades while all calls end well, to nothing within a window.

States: closed (the probability is nought) ⇄ half-open (some calls are refused). Open only by hand.
"""

from math import inf
from typing import Final

from kitfox.core import Outcome
from kitfox.resilience._breaker import FAULT, GOOD, REFUSED, Breaker, Change, State

_BUCKETS: Final = 40


class AdaptiveBreaker(Breaker):
    """Refuses calls with a probability that follows from how many fail.

    No call is refused while fewer than `protect` have failed in `window` seconds, nor when none was
    admitted for `probe_after` seconds: one that tries whether the service is back.
    """

    def __init__(
        self,
        *,
        k: float = 1.5,
        window: float = 10.0,
        protect: int = 5,
        probe_after: float = 1.0,
        on_change: Change | None = None,
    ) -> None:
        if k < 1 or window <= 0:
            raise ValueError(f"breaker: expected k >= 1 and window > 0, got {k} and {window}")
        super().__init__(window=window, buckets=_BUCKETS, on_change=on_change)
        self._k = k
        self._length = window
        self._protect = protect
        self._probe_after = probe_after
        self._admitted_at = -inf
        self._well_since: float | None = None  # None from a fault until a call ends well

    def chance(self, now: float) -> float:
        """Return the probability with which a call is refused now, if it is no probe."""
        good, faults, refused, _ = self._window.at(now)
        calls = good + faults + refused
        surplus = calls - self._protect - self._k * good
        if surplus <= 0:
            return 0.0
        well = 0.0 if self._well_since is None else (now - self._well_since) / self._length
        return surplus / (calls + 1) * max(0.0, 1.0 - well)

    def _admits(self, now: float, draw: float) -> bool:
        if draw < self._chance_noted(now) and now - self._admitted_at < self._probe_after:
            return False
        self._admitted_at = now
        return True

    def _chance_noted(self, now: float) -> float:
        totals = self._window.totals
        if self._state is State.CLOSED and totals[FAULT] + totals[REFUSED] <= self._protect:
            return 0.0  # whatever has left the window meanwhile
        chance = self.chance(now)
        self._enter(State.HALF_OPEN if chance else State.CLOSED)
        return chance

    def _learn(self, outcome: Outcome, seconds: float | None, now: float) -> None:
        if outcome is Outcome.GOOD:
            self._window.add(GOOD, now)
            if self._well_since is None:
                self._well_since = now
        elif outcome is Outcome.FAULT:
            self._window.add(FAULT, now)
            self._well_since = None

    def _forget(self) -> None:
        self._admitted_at = -inf
        self._well_since = None
