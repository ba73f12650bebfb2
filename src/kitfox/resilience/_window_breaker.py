"""A breaker that opens when too many calls fail, and tries a few before it closes.

The classic one (M. Nygard, "Release It!", 2007), with the numbers of Kitex where they suit a single
instance.

Rules:

- Closed: all calls pass. It opens when its `Trip` says so.
- Open: no call passes, for `cool` seconds. The first call after that finds it half-open.
- Half-open: `probes` calls may run at a time. After `successes` that ended well it closes; one that
  did not, or was slow, opens it. One that was cancelled says nothing, and frees its place. So that
  a call that never ends does not hold its place for ever, another may begin every `cool` seconds.
"""

from dataclasses import dataclass
from math import inf
from typing import Final

from kitfox.core import Outcome
from kitfox.resilience._breaker import FAULT, GOOD, SLOW, Breaker, Change, Counts, State

_BUCKETS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What opens a breaker: any of these."""

    share: float = 0.5
    """This part of the calls failed,"""
    volume: int = 20
    """of so many that ended in the window, at least;"""
    streak: int | None = None
    """or so many failed in a row;"""
    slow: float = inf
    """or took longer than so many seconds,"""
    slow_share: float = 0.5
    """this part of the calls, if there were enough of them."""

    def __post_init__(self) -> None:
        if not (0 < self.share <= 1 and 0 < self.slow_share <= 1 and self.volume >= 1):
            raise ValueError(f"trip: expected shares in (0, 1] and volume >= 1, got {self}")

    def is_due(self, counts: Counts, streak: int) -> bool:
        """Whether it is time to open, after so many faults in a row."""
        if self.streak is not None and streak >= self.streak:
            return True
        calls = counts.good + counts.faults
        if calls < self.volume:
            return False
        return counts.faults >= self.share * calls or counts.slow >= self.slow_share * calls


class WindowBreaker(Breaker):
    """Opens by its `trip`, over a window of so many seconds; see the rules above."""

    def __init__(
        self,
        trip: Trip | None = None,
        *,
        window: float = 10.0,
        cool: float = 5.0,
        probes: int = 1,
        successes: int = 2,
        on_change: Change | None = None,
    ) -> None:
        if window <= 0 or probes < 1 or successes < 1:
            raise ValueError("breaker: expected window > 0, probes >= 1 and successes >= 1")
        super().__init__(window=window, buckets=_BUCKETS, on_change=on_change)
        self._trip = trip or Trip()
        self.timed = self._trip.slow < inf
        self._cool = cool
        self._probes = probes
        self._successes = successes
        self._opened_at = -inf
        self._forget()

    def _forget(self) -> None:
        self._streak = 0
        self._probing = 0  # admitted since it is half-open, and not over
        self._probed_at = -inf
        self._succeeded = 0

    def _admits(self, now: float, draw: float) -> bool:
        if self._state is State.CLOSED:
            return True
        if self._state is State.OPEN:
            if now - self._opened_at < self._cool:
                return False
            self._begin(State.HALF_OPEN)
        return self._admits_probe(now)

    def _admits_probe(self, now: float) -> bool:
        if self._probing >= self._probes and now - self._probed_at < self._cool:
            return False
        self._probing += 1
        self._probed_at = now
        return True

    def _learn(self, outcome: Outcome, seconds: float | None, now: float) -> None:
        half_open = self._state is State.HALF_OPEN
        if half_open:
            self._probing -= 1
        if outcome is Outcome.NEITHER:
            return
        slow = seconds is not None and seconds > self._trip.slow
        bad = slow or outcome is Outcome.FAULT
        self._count(outcome, now, slow=slow)
        if half_open:
            self._judge_probe(now, bad=bad)
        elif bad and self._trip.is_due(self.counts, self._streak):
            self._open_at(now)

    def _count(self, outcome: Outcome, now: float, *, slow: bool) -> None:
        if outcome is Outcome.FAULT:
            self._streak += 1
            self._window.add(FAULT, now)
            return
        self._streak = 0
        self._window.add(GOOD, now)
        if slow:
            self._window.add(SLOW, now)

    def _judge_probe(self, now: float, *, bad: bool) -> None:
        if bad:
            self._open_at(now)
            return
        self._succeeded += 1
        if self._succeeded >= self._successes:
            self._begin(State.CLOSED)

    def _open_at(self, now: float) -> None:
        self._opened_at = now
        self._begin(State.OPEN)
