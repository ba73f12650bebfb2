"""Trying again, where that is safe and of use.

A call is tried again when its attempt failed, and all of this is true:

1. It is safe. The method is idempotent and the failure the server's fault, or one that came with
   `retry_after`; or the call was not begun: it was never sent (`Unreachable`), or the server says
   in the error's details that it refused it (`{"refused": "/acme.v1.Users/Add"}`).
2. Its request is one message, and no reply item has come.
3. It is no further attempt itself, nor made by the handler of one: with three hops of three tries
   each, the last would be asked 27 times.
4. No breaker refused it: that would do so again.
5. There are tries left, and time: the wait (full jitter, or what `retry_after` says, if that is
   longer) ends before the deadline does.
6. The budget allows it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from kitfox.core import (
    Call,
    Endpoint,
    Middleware,
    Outcome,
    RPCError,
    Unreachable,
    outcome_of,
    retry_after,
)
from kitfox.resilience._attempts import REFUSED, adopt, further, is_under_another
from kitfox.resilience._backoff import Backoff
from kitfox.resilience._budget import Budget
from kitfox.resilience._clock import loop_time
from kitfox.resilience._cutoffs import Cutoffs
from kitfox.scope import Deadline

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When to try again, and how long an attempt may take. Times are in seconds."""

    tries: int = 2
    """Attempts at a call, the first one included."""
    backoff: Backoff = field(default_factory=Backoff)
    """How long to wait between them."""
    share: float = 0.5
    """The part of the time left that an attempt gets which may be followed by another one."""
    patience: float = 10.0
    """A server that wants to be left alone for longer is not asked again."""

    def __post_init__(self) -> None:
        if self.tries < 1 or not 0 < self.share <= 1:
            raise ValueError(f"retry: expected tries >= 1 and a share in (0, 1], got {self}")

    def until(self, call: Call, attempt: int, now: float) -> Deadline | None:
        """Return when attempt number `attempt` must be over, so that another has time left.

        Streams take their time, and a method that is not idempotent is not tried again just
        because it was slow: theirs is all of it.
        """
        whole, method = call.deadline, call.method
        if whole is None or not method.idempotent or attempt >= self.tries:
            return whole
        if method.kind.streams_replies:
            return whole
        return Deadline(now + (whole.at - now) * self.share)

    def wait(
        self, call: Call, error: RPCError, attempt: int, now: float, draw: float
    ) -> float | None:
        """Return the seconds until the next attempt, after this one failed; None for no more."""
        if attempt >= self.tries or not is_safe(call, error, now):
            return None
        asked = retry_after(error) or 0.0
        wait = max(asked, self.backoff.wait(attempt, draw))
        if asked > self.patience or (call.deadline and call.deadline.at <= now + wait):
            return None
        return wait


def is_safe(call: Call, error: RPCError, now: float) -> bool:
    """Whether another attempt can do no harm, and may do better."""
    if call.sent or error.details.get("reason") == "breaker":
        return False
    if isinstance(error, Unreachable) or error.details.get(REFUSED) == call.method.path:
        return True
    if not call.method.idempotent:
        return False
    return outcome_of(call, error, now) is Outcome.FAULT or retry_after(error) is not None


def retry(
    policy: Retry | None = None,
    *,
    budget: Budget | None = None,
    clock: Callable[[], float] = loop_time,
    draw: Callable[[], float] = random.random,
    sleep: Sleep = asyncio.sleep,
) -> Middleware:
    """Make calls again that failed. `draw` gives a number from 0 up to 1."""
    policy = policy or Retry()
    budget = budget or Budget()

    def wrap(endpoint: Endpoint) -> Endpoint:
        tried = _Tried(endpoint, policy, budget, clock, draw, sleep)

        def call_again(call: Call, message: object) -> Awaitable[object]:
            if call.method.kind.streams_requests or is_under_another(call):
                return endpoint(call, message)
            return tried.run(call, message)

        return call_again

    return wrap


class _Tried:
    """Makes the attempts at calls through one endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        policy: Retry,
        budget: Budget,
        clock: Callable[[], float],
        draw: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._endpoint = endpoint
        self._policy = policy
        self._budget = budget
        self._clock = clock
        self._draw = draw
        self._sleep = sleep
        self._cutoffs = Cutoffs()

    async def run(self, call: Call, message: object) -> object:
        number, attempt, now = 1, call, self._clock()
        self._budget.deposit(now)
        while True:
            try:
                return await self._try(attempt, message, self._policy.until(call, number, now))
            except RPCError as error:
                if (wait := self._wait(call, error, number)) is None:
                    raise
            finally:
                if attempt is not call:
                    adopt(call, attempt)
            await self._sleep(wait)
            number, now = number + 1, self._clock()
            attempt = further(call, number, call.deadline)

    def _try(self, attempt: Call, message: object, until: Deadline | None) -> Awaitable[object]:
        if until is None or until is attempt.deadline:
            return self._endpoint(attempt, message)
        return self._cutoffs.run(self._endpoint, attempt, message, until)

    def _wait(self, call: Call, error: RPCError, number: int) -> float | None:
        now = self._clock()
        wait = self._policy.wait(call, error, number, now, self._draw())
        return None if wait is None or not self._budget.withdraw(now) else wait
