"""Doing less when there is too much to do, so that what is done is done in time.

What shows that there is too much to do is not load but delay: how long work waits for its turn. A
burst makes a delay that goes away by itself. When it stays above a target for a whole interval,
the queue is a standing one, and it will not (CoDel: Nichols and Jacobson, 2012, RFC 8289).

Rules:

- A delay above `target` at each look for `interval` seconds is too much. Then, once an interval,
  the share of calls that pass is cut, unless the delay falls anyway: a backlog that shrinks needs
  time, not further cuts. How fast it grows tells how much too much there is to do, so how deep to
  cut.
- What a cut does shows when the calls after it have come through. Where so few calls pass that an
  interval is too short for that, the next one waits for 20 of them, but for ten intervals at most.
- What is cut is the share of the lowest class that there are calls of; each class keeps `spare`.
  Critical calls always pass.
- A few calls that wait are no standing queue, however long each takes: while a delay is watched,
  the target is at least the time in which the last few passed, though no longer than an interval.
- With the first look at which the delay is below the target, cutting ends. Each interval of that
  gives some of it back, to the highest class first.
- A queue tells its delay as it is, a lag is measured now and then. Where delays are `exact`, only
  sheddable calls are refused while the delay is below the target: to refuse what could be begun at
  once would leave the server idle. The shares are for when the delay is above it again.
"""

import random
from collections.abc import Awaitable, Callable
from math import inf
from typing import Final

from kitfox.core import Call, Endpoint, Middleware
from kitfox.resilience._clock import loop_time
from kitfox.resilience._criticality import CRITICALITY, Criticality, criticality_of
from kitfox.resilience._overload import overload

Delay = Callable[[float], float]
"""How long work waits for its turn at a time on the loop's clock, in seconds."""

_DEEPEST: Final = 0.7  # what the deepest cut leaves of a share,
_LEAST: Final = 0.95  # and the least one
_FALLING: Final = 0.2  # a backlog falls if we do so much more than what comes
_GIVEN_BACK: Final = 1.05  # in an interval
_SHOWN: Final = 20  # calls pass before another cut,
_PATIENCE: Final = 10  # or so many intervals
_FEW: Final = 4  # calls that may wait


class Shedder:
    """Decides which calls pass, by the delays that it is told of. Times are in seconds.

    It is `calm` while nothing is cut, nor about to be: then every call passes. The delays are
    `exact` if they are those of a queue.
    """

    def __init__(
        self,
        *,
        target: float = 0.005,
        interval: float = 0.1,
        spare: float = 0.1,
        exact: bool = False,
    ) -> None:
        if not target > 0 or not interval > 0 or not 0 <= spare <= 1:
            msg = (
                "expected target and interval above 0 and spare between 0 and 1, "
                f"got {target}, {interval} and {spare}"
            )
            raise ValueError(msg)
        self._target = target
        self._interval = interval
        self._spare = spare
        self._exact = exact
        self.calm = True
        self._next_cut = inf  # unless the delay is above the target
        self._next_gift = inf  # unless it is below, and something was cut
        self._delay = self._looked = 0.0  # the delay at the last cut, or when it could have been
        self._sheddable = self._default = 1.0
        self._seen = False  # whether there was a sheddable call since
        self._passed = 0  # calls, since
        self._bound = target  # as it is while it is watched

    def share(self, criticality: Criticality) -> float:
        """Return what part of the calls of a class passes, at least."""
        if criticality is Criticality.CRITICAL:
            return 1.0
        return self._default if criticality is Criticality.DEFAULT else self._sheddable

    def observe(self, delay: float, now: float) -> None:
        """Learn how long work waits for its turn at `now`."""
        if delay > self._bound:
            self._late(delay, now)
        elif not self.calm:
            self._in_time(delay, now)

    def admit(self, criticality: Criticality, draw: float) -> bool:
        """Decide about a call, with a number drawn from 0 up to, but not including, 1."""
        self._seen = self._seen or criticality is Criticality.SHEDDABLE
        passes = draw < self.share(criticality) or self._is_spared(criticality)
        self._passed += passes
        return passes

    def _is_spared(self, criticality: Criticality) -> bool:
        return self._exact and self._next_cut == inf and criticality is Criticality.DEFAULT

    def _late(self, delay: float, now: float) -> None:
        self.calm = False
        if self._next_cut == inf:
            self._next_gift = inf
        elif now < self._next_cut or self._too_early(now):
            return
        else:
            grown = self._grown(delay, now)
            self._learn(now)
            if grown is not None and delay > self._bound:
                self._cut(min(_LEAST, max(_DEEPEST, 1.0 / (1.0 + grown))))
        self._next_cut = now + self._interval
        self._look(delay, now)

    def _too_early(self, now: float) -> bool:
        """Whether too few calls have passed to show what the last cut did."""
        return self._passed < _SHOWN and now < self._looked + _PATIENCE * self._interval

    def _look(self, delay: float, now: float) -> None:
        """Begin another interval."""
        self._delay, self._looked, self._seen, self._passed = delay, now, False, 0

    def _learn(self, now: float) -> None:
        """Set the target by how long calls took to pass."""
        if self._passed:
            few = _FEW * (now - self._looked) / self._passed
            self._bound = max(self._target, min(few, self._interval))

    def _grown(self, delay: float, now: float) -> float | None:
        """Return by how many seconds a second the delay has grown; None if it falls."""
        passed = now - self._looked
        fallen = self._delay - delay
        falls = fallen >= _FALLING * min(self._delay, passed)
        return None if falls else max(0.0, -fallen / passed)

    def _in_time(self, delay: float, now: float) -> None:
        if self._next_gift == inf:
            self._next_cut, self._next_gift = inf, now + self._interval
        elif now >= self._next_gift:
            self._learn(now)
            self._look(delay, now)
            gifts = 1 + (now - self._next_gift) // self._interval
            self._next_gift += gifts * self._interval
            self._give_back(_GIVEN_BACK ** min(gifts, 100.0))
        if self._sheddable >= 1.0 and self._default >= 1.0:
            self.calm, self._bound, self._passed = True, self._target, 0

    def _cut(self, left: float) -> None:
        if self._seen and self._sheddable > self._spare:
            self._sheddable = max(self._spare, self._sheddable * left)
        else:
            self._default = max(self._spare, self._default * left)

    def _give_back(self, times: float) -> None:
        if self._default < 1.0:
            self._default = min(1.0, self._default * times)
        else:
            self._sheddable = min(1.0, self._sheddable * times)


def shed(
    shedder: Shedder,
    *delays: Delay,
    highest: Criticality = Criticality.CRITICAL,
    draw: Callable[[], float] = random.random,
    clock: Callable[[], float] = loop_time,
) -> Middleware:
    """Refuse calls while the longest of `delays` has been too long, the least critical first.

    A delay is told by a `LoopLag`, or by a `Bulkhead.delay`. Callers say how critical they are:
    who serves strangers lets no claim above `highest` count, here and in what the handlers call.

    Raises:
        Unavailable: from a call that was not begun; its details say `reason` "overload".
    """
    if not delays:
        msg = "shed() needs to be told of a delay: a LoopLag, or the delay of a Bulkhead"
        raise TypeError(msg)
    delay = delays[0] if len(delays) == 1 else _longest(delays)
    trusting = highest is Criticality.CRITICAL

    def wrap(endpoint: Endpoint) -> Endpoint:
        def guarded(call: Call, message: object) -> Awaitable[object]:
            now = clock()
            shedder.observe(delay(now), now)
            if not trusting:
                _lower(call, highest)
            if not shedder.calm and not shedder.admit(criticality_of(call), draw()):
                raise overload("too much to do", call)
            return endpoint(call, message)

        return guarded

    return wrap


def _longest(delays: tuple[Delay, ...]) -> Delay:
    return lambda now: max([delay(now) for delay in delays])


def _lower(call: Call, highest: Criticality) -> None:
    """Let a call's claim be no higher than `highest`."""
    claimed = criticality_of(call)
    if claimed is Criticality.CRITICAL or highest is Criticality.SHEDDABLE:
        call.metadata[CRITICALITY] = highest.value
