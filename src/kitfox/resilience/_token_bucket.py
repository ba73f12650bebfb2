"""A token bucket, as golang.org/x/time/rate has it.

It holds at most `burst` tokens, is full at first, and `rate` tokens a second flow in. What happens
takes tokens out.

- `allow_n` takes them if they are there.
- `reserve_n` takes them in any case, from those to come if need be, and says after how long one may
  act. Who changes their mind gives back what nobody has counted on since.
- `wait_n` waits that long, unless the deadline in force would pass meanwhile: then it takes nothing
  and fails at once.
- An infinite rate allows everything, whatever `burst` is. With a rate of zero there is what is in
  the bucket, and nothing more.
- More than `burst` is never allowed at once.

Unlike Go's, a reservation can be cancelled only once and never gives back more than it took, a
clock that steps back brings no tokens when it repeats itself, and `wait_n` does not wait for what
never comes.
"""

import asyncio
import sys
from math import floor, inf
from typing import Final

from kitfox.core import ResourceExhausted
from kitfox.resilience._limiter import Decision
from kitfox.scope import current_deadline

_NO_DEADLINE: Final = sys.float_info.max  # longer than any wait, but for the one that never ends


class Reservation:
    """Tokens that may be used after `delay` seconds, if it is `ok`; infinite when it is not."""

    __slots__ = ("_at", "_bucket", "_n", "_rate", "delay", "ok")

    def __init__(
        self, bucket: "TokenBucket", n: float, *, ok: bool, rate: float, now: float, delay: float
    ) -> None:
        self.ok = ok
        self.delay = delay
        self._bucket = bucket
        self._n = n
        self._rate = rate
        self._at = now + delay

    def cancel(self, now: float) -> None:
        """Give the tokens back, unless the time to use them has come."""
        n, self._n = self._n, 0.0
        if n and self._at >= now:
            self._bucket.give_back(n, self._at, self._rate, now)


class TokenBucket:
    """Allows `rate` a second in the long run, and `burst` at once. Times are the loop's.

    As a limiter it is one for all keys; `Keyed` gives each its own.
    """

    __slots__ = ("_burst", "_last", "_latest", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = _checked("rate", rate)
        self._burst = self._tokens = _checked("burst", burst)
        self._last = 0.0  # it is full: how long it has been so does not matter
        self._latest = 0.0  # when the last of all reservations may be used

    @property
    def rate(self) -> float:
        """The tokens that flow in a second."""
        return self._rate

    @property
    def burst(self) -> float:
        """The most that may be taken at once."""
        return self._burst

    def tokens(self, now: float) -> float:
        """Return what is in the bucket at `now`; below zero, so much is owed to reservations."""
        self._fill(now)
        return self._tokens

    def allow_n(self, now: float, n: float = 1.0) -> bool:
        """Take `n` tokens if they are there."""
        return self._admits(now, n, 0.0) is not None

    def reserve_n(self, now: float, n: float = 1.0, *, within: float = inf) -> Reservation:
        """Take `n` tokens, of those to come if need be, if that takes no more than `within`."""
        delay = self._admits(now, n, within)
        if delay is None:
            return Reservation(self, 0.0, ok=False, rate=self._rate, now=now, delay=inf)
        if self._rate == inf:
            return Reservation(self, 0.0, ok=True, rate=inf, now=now, delay=0.0)
        self._latest = now + delay
        return Reservation(self, n, ok=True, rate=self._rate, now=now, delay=delay)

    async def wait_n(self, n: float = 1.0) -> None:
        """Wait until `n` tokens are there, and take them.

        Raises:
            ValueError: `n` is more than `burst`.
            ResourceExhausted: they come after the deadline in force, or never.
        """
        if n > self._burst and self._rate != inf:
            msg = f"n: {n} is more than the burst of {self._burst}"
            raise ValueError(msg)
        now = asyncio.get_running_loop().time()
        deadline = current_deadline()
        within = _NO_DEADLINE if deadline is None else deadline.at - now
        reservation = self.reserve_n(now, n, within=within)
        if not reservation.ok:
            raise _too_late(self._seconds(n - self._tokens))
        try:
            if reservation.delay:
                await asyncio.sleep(reservation.delay)
        except asyncio.CancelledError:
            reservation.cancel(asyncio.get_running_loop().time())
            raise

    def set_rate(self, now: float, rate: float) -> None:
        """Let another rate flow in from `now` on; what is reserved keeps its time."""
        self._fill(now)
        self._rate = _checked("rate", rate)

    def set_burst(self, now: float, burst: float) -> None:
        """Hold more, or less, from `now` on."""
        self._fill(now)
        self._burst = _checked("burst", burst)
        self._tokens = min(self._tokens, burst)

    def take(self, key: str, n: float, now: float, /) -> Decision:
        """Take `n` tokens if they are there, whoever asks."""
        allowed = self.allow_n(now, n)
        if self._rate == inf:
            return Decision(allowed, inf, 0.0, inf, 0.0, 0.0)
        wait = 0.0 if allowed else self._seconds(n - self._tokens) if n <= self._burst else inf
        return Decision(
            allowed=allowed,
            limit=self._burst,
            window=self._seconds(self._burst),
            remaining=max(0, floor(self._tokens)),
            reset=self._seconds(self._burst - self._tokens),
            retry_after=wait,
        )

    def give_back(self, n: float, at: float, rate: float, now: float) -> None:
        """Take back `n` tokens that were reserved for `at` and are not used.

        Later reservations have counted on what had flowed in by then: so much stays taken.
        """
        later = self._latest - at if self._latest > at else 0.0
        unused = n - (later * rate if rate else 0.0)
        if self._rate == inf or unused <= 0:
            return
        self._fill(now)
        self._tokens = min(self._burst, self._tokens + unused)
        if at == self._latest and rate:
            self._latest = max(at - n / rate, now)

    def _admits(self, now: float, n: float, within: float) -> float | None:
        """Take `n` tokens if that is possible in time; return after how long they are there."""
        if self._rate == inf:
            return 0.0
        self._fill(now)
        delay = self._seconds(n - self._tokens)
        if n > self._burst or delay > within:
            return None
        self._tokens -= n
        return delay

    def _fill(self, now: float) -> None:
        if now > self._last:
            flown = (now - self._last) * self._rate
            self._tokens = min(self._burst, self._tokens + flown)
            self._last = now

    def _seconds(self, tokens: float) -> float:
        """Return how long it takes until so many tokens have flown in."""
        if tokens <= 0:
            return 0.0
        return tokens / self._rate if self._rate else inf


def _checked(name: str, value: float) -> float:
    if not value >= 0:
        msg = f"{name}: expected 0 or more, got {value}"
        raise ValueError(msg)
    return value


def _too_late(seconds: float) -> ResourceExhausted:
    if seconds == inf:
        text = "its turn never comes: with a rate of 0 no tokens flow in, and too few are left"
        return ResourceExhausted(text, details={"reason": "rate_limit"})
    text = f"its turn would come after the deadline: in {seconds:.3g} s"
    return ResourceExhausted(text, details={"reason": "rate_limit", "retry_after": seconds})
