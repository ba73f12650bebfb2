"""A second attempt beside a first one that takes longer than most do.

J. Dean and L. A. Barroso, "The Tail at Scale", Communications of the ACM 56(2), 2013: when a call
has not ended after the 95th percentile of what its method takes, it is made once more, elsewhere.
The first good reply counts, and the other attempt is cancelled.

Only methods that are idempotent, with one request and one reply, are hedged; and no call that is
another attempt already, or made by the handler of one.
"""

import asyncio
from collections.abc import Awaitable, Callable

from kitfox.core import Call, Endpoint, Kind, Method, Middleware
from kitfox.resilience._attempts import adopt, further, is_under_another
from kitfox.resilience._budget import Budget
from kitfox.resilience._clock import loop_time
from kitfox.resilience._quantile import Quantile

_Racers = dict[asyncio.Future[object], Call]


class Hedge:
    """After how many seconds a call is made once more.

    That is the `part` quantile of the method's own latency, and `least` at least; a method of
    which fewer than `calls` are known is not hedged.
    """

    def __init__(self, *, part: float = 0.95, least: float = 0.002, calls: int = 100) -> None:
        if not 0 < part < 1:
            raise ValueError(f"hedge: expected a part between 0 and 1, got {part}")
        self._part = part
        self._least = least
        self._calls = calls
        self._latencies: dict[Method, Quantile] = {}

    def after(self, method: Method) -> float | None:
        """Return the seconds after which a call of `method` is late; None if nobody knows."""
        latency = self._latencies.get(method)
        if latency is None or latency.known < self._calls:
            return None
        return max(latency.value, self._least)

    def record(self, method: Method, seconds: float) -> None:
        """Learn from a call that ended well.

        Of one that was hedged, the whole length counts: the first attempt took no less.
        """
        latency = self._latencies.get(method)
        if latency is None:
            latency = self._latencies[method] = Quantile(self._part)
        latency.record(seconds)


def hedge(
    policy: Hedge | None = None,
    *,
    budget: Budget | None = None,
    clock: Callable[[], float] = loop_time,
) -> Middleware:
    """Make calls a second time that take long, and take the first good reply.

    A `budget` that is given is that of `retry`, which fills it; without one there is one of its
    own.
    """
    policy = policy or Hedge()

    def wrap(endpoint: Endpoint) -> Endpoint:
        hedged = _Hedged(endpoint, policy, budget, clock)

        def call_hedged(call: Call, message: object) -> Awaitable[object]:
            method = call.method
            if not method.idempotent or method.kind is not Kind.UNARY or is_under_another(call):
                return endpoint(call, message)
            return hedged.run(call, message)

        return call_hedged

    return wrap


class _Hedged:
    """Makes the calls through one endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        policy: Hedge,
        budget: Budget | None,
        clock: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._policy = policy
        self._fills = budget is None
        self._budget = budget or Budget()
        self._clock = clock

    async def run(self, call: Call, message: object) -> object:
        begun = self._clock()
        if self._fills:
            self._budget.deposit(begun)
        after = self._policy.after(call.method)
        if after is None:
            reply = await self._endpoint(call, message)
        else:
            reply = await self._race(call, message, after)
        self._policy.record(call.method, self._clock() - begun)
        return reply

    async def _race(self, call: Call, message: object, after: float) -> object:
        whole = call.deadline  # what is below may give the first attempt less
        first = asyncio.ensure_future(self._endpoint(call, message))
        racers: _Racers = {first: call}
        try:
            await asyncio.wait(racers, timeout=after)
            if first.done():
                return first.result()
            if self._budget.withdraw(self._clock()):
                second = further(call, 2, whole)
                racers[asyncio.ensure_future(self._endpoint(second, message))] = second
            winner = await _first_good(racers)
        finally:
            await _end(racers)
        if winner is not first:
            adopt(call, racers[winner])
        return winner.result()


async def _first_good(racers: _Racers) -> asyncio.Future[object]:
    """Return the first that ends well; when none does, the first there was."""
    running = set(racers)
    while running:
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        if good := [racer for racer in done if not racer.cancelled() and not racer.exception()]:
            return good[0]
    return next(iter(racers))


async def _end(racers: _Racers) -> None:
    """Cancel those that still run, and wait until they are over."""
    if running := [racer for racer in racers if not racer.done()]:
        for racer in running:
            racer.cancel()
        await asyncio.wait(running)
    for racer in racers:
        if not racer.cancelled():
            racer.exception()  # seen, whether or not it is the one that is told
