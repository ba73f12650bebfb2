"""What the calls to a server pass, unless it is configured otherwise.

Outermost first: the longest deadline, the server's own middleware (who calls, and what it may do),
shed, rate limit, bulkhead.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from kitfox.app._client_chain import limit, name_of
from kitfox.app._kept import Kept
from kitfox.app._policies import Policies
from kitfox.app._policy import MAXIMUM, BulkheadRules, RateRules, ShedRules, rules, seconds
from kitfox.app._slots import Slots
from kitfox.core import Endpoint, Method, Middleware, chain
from kitfox.health import LoopLag
from kitfox.resilience import (
    Bulkhead,
    Delay,
    Keyed,
    Shedder,
    bulkhead,
    deadline,
    rate_limit,
    shed,
)

_OURS = "kitfox.v1."  # what keeps a system running is given up last, so not by default


@dataclass(frozen=True, slots=True)
class _Counting:
    """What the calls of a process count against."""

    shedders: Kept[ShedRules, Shedder] = field(
        default_factory=lambda: Kept(lambda _, said: said.made())
    )
    limits: Kept[RateRules, Keyed] = field(
        default_factory=lambda: Kept(lambda _, said: said.made())
    )
    rooms: Kept[BulkheadRules, Bulkhead] = field(
        default_factory=lambda: Kept(lambda _, said: said.made())
    )


class ServerChain:
    """The policies of a process as a server."""

    def __init__(self, policies: Policies | None = None) -> None:
        self._policies = policies or Policies()
        self._counting = _Counting()
        self._slots = Slots()
        self._middleware: Sequence[Middleware] = ()
        self._lag = LoopLag()

    @asynccontextmanager
    async def running(self, middleware: Sequence[Middleware]) -> AsyncGenerator[None]:
        """Measure what is too much to do while the context is open.

        `middleware` is the server's own, which knows the callers.
        """
        self._middleware = middleware
        async with self._lag:
            yield

    def around(self, method: Method, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint of a method with its policies around it."""
        return self._slots.around(method, endpoint, self._around)

    def replace(self, policies: Policies) -> None:
        """Let the calls that begin from now on pass others; what counts, counts on."""
        self._policies = policies
        self._slots.fill(self._around)

    def _around(self, method: Method) -> Middleware:
        policy = self._policies.of(method.service, method.name)
        layers = [*self._middleware, *self._load(method)]
        if (longest := seconds(policy.maximum, MAXIMUM)) is not None:
            own = self._policies.scope("maximum", method) == name_of(method)
            layers.insert(0, deadline(maximum=limit(longest, own=own)))
        return chain(*layers)

    def _load(self, method: Method) -> Iterator[Middleware]:
        """Yield what keeps the load within what can be done."""
        policy = self._policies.of(method.service, method.name)
        scopes = {name: self._policies.scope(name, method) for name in ("rate_limit", "bulkhead")}
        room = None
        if (said := policy.bulkhead) is not False:
            room = self._counting.rooms.of(scopes["bulkhead"], said)
        if (sheds := self._sheds(method)) is not None:
            yield self._shed(method, sheds, room)
        if (rates := policy.rate_limit) is not False:
            limiter = self._counting.limits.of(scopes["rate_limit"], rates)
            yield rate_limit(limiter, key=rates.made_key(), announce=rates.announce)
        if room is not None:
            yield bulkhead(room)

    def _sheds(self, method: Method) -> ShedRules | None:
        if method.service.startswith(_OURS) and not self._policies.scope("shed", method):
            return None
        return rules(self._policies.of(method.service, method.name).shed, ShedRules)

    def _shed(self, method: Method, said: ShedRules, room: Bulkhead | None) -> Middleware:
        delays: list[Delay] = [self._lag] if room is None else [self._lag, room.delay]
        shedder = self._counting.shedders.of(self._policies.scope("shed", method), said)
        return shed(shedder, *delays, highest=said.made_highest())
