"""What the calls to a server pass, unless it is configured otherwise.

Outermost first: the longest deadline, the server's own middleware (who calls, and what it may do),
the scopes of the method, shed, rate limit, bulkhead.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from kitfox.app._client_chain import limit, name_of
from kitfox.app._kept import Kept
from kitfox.app._policies import OURS, Policies
from kitfox.app._policy import MAXIMUM, Policy, rules, seconds
from kitfox.app._policy_load import BulkheadRules, RateRules, ShedRules
from kitfox.app._slots import Slots
from kitfox.app._wiring import WiringError
from kitfox.auth import authorize
from kitfox.core import Closing, Endpoint, Method, Middleware, chain
from kitfox.health import LoopLag
from kitfox.resilience import (
    Bulkhead,
    Limiter,
    Shedder,
    bulkhead,
    deadline,
    rate_limit,
    shed,
)

_NOBODY_KNOWN = (
    "{} asks for the scope {}, and nothing here finds out who calls, so nobody could call it: give "
    "the Server middleware=[authenticate(…)], or say in kitfox.toml [service.NAME.auth]"
)


@dataclass(frozen=True, slots=True)
class _Counting:
    """What the calls of a process count against."""

    lags: Kept[ShedRules, Shedder] = field(
        default_factory=lambda: Kept(lambda _, said: said.made())
    )
    queues: Kept[ShedRules, Shedder] = field(
        default_factory=lambda: Kept(lambda _, said: said.made(exact=True))
    )
    rooms: Kept[BulkheadRules, Bulkhead] = field(
        default_factory=lambda: Kept(lambda _, said: said.made())
    )


class ServerChain:
    """The policies of a process as a server."""

    def __init__(self, policies: Policies | None = None) -> None:
        self._policies = policies or Policies()
        self._counting = _Counting()
        self._limits = Kept(self._limiter)
        self._open = AsyncExitStack()
        self._slots = Slots()
        self._middleware: Sequence[Middleware] = ()
        self._lag = LoopLag()

    @asynccontextmanager
    async def running(self, middleware: Sequence[Middleware]) -> AsyncGenerator[None]:
        """Measure what is too much to do while the context is open.

        `middleware` is the server's own, which knows the callers.
        """
        self._middleware = middleware
        async with self._lag, self._open:
            yield

    def around(self, method: Method, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint of a method with its policies around it.

        Raises:
            WiringError: the method asks for scopes, and there is no middleware to find out who
                calls, so that nobody could ever have them.
        """
        if method.scopes and not self._middleware:
            raise WiringError(_NOBODY_KNOWN.format(method.path, " ".join(sorted(method.scopes))))
        return self._slots.around(method, endpoint, self._around)

    def replace(self, policies: Policies) -> None:
        """Let the calls that begin from now on pass others; what counts, counts on."""
        self._policies = policies
        self._slots.fill(self._around)

    def _around(self, method: Method) -> Middleware:
        policy = self._policies.of(method.service, method.name)
        # Nobody can tell what is in the middleware, so scopes are asked for here in any case.
        asks = [authorize()] if method.scopes else []
        layers = [*self._middleware, *asks, *self._load(method)]
        if (longest := seconds(policy.maximum, MAXIMUM)) is not None:
            own = self._policies.scope("maximum", method) == name_of(method)
            layers.insert(0, deadline(maximum=limit(longest, own=own)))
        return chain(*layers)

    def _load(self, method: Method) -> Iterator[Middleware]:
        """Yield what keeps the load within what can be done."""
        policy = self._policies.of(method.service, method.name)
        room = self._room(policy, method)
        if (sheds := rules(policy.shed, ShedRules)) is not None:
            yield from self._sheds(sheds, method, room)
        rates = policy.rate_limit
        if rates and (scope := self._scope("rate_limit", method)) is not None:
            limiter = self._limits.of(scope, rates)
            yield rate_limit(limiter, key=rates.made_key(), announce=rates.announce)
        if room is not None:
            yield bulkhead(room)

    def _room(self, policy: Policy, method: Method) -> Bulkhead | None:
        scope = self._scope("bulkhead", method)
        if not policy.bulkhead or scope is None:
            return None
        return self._counting.rooms.of(scope, policy.bulkhead)

    def _sheds(
        self, said: ShedRules, method: Method, room: Bulkhead | None
    ) -> Iterator[Middleware]:
        """Yield what sheds by the loop's lag; if there is a room, what sheds by its queue, too."""
        if (scope := self._scope("shed", method)) is None:
            return
        highest = said.made_highest()
        yield shed(self._counting.lags.of(scope, said), self._lag, highest=highest)
        if room is not None:
            place = self._scope("bulkhead", method) or ""
            # By the narrower scope: the delays of two queues must not meet in one shedder.
            queue = self._counting.queues.of(max(scope, place, key=len), said)
            yield shed(queue, room.delay, highest=highest)

    def _limiter(self, scope: str, said: RateRules) -> Limiter:
        """Make a limiter; it is closed in the end, for calls may run that began before another."""
        limiter = said.made_limiter(scope or "all")
        if isinstance(limiter, Closing):
            self._open.push_async_callback(limiter.aclose)
        return limiter

    def _scope(self, field: str, method: Method) -> str | None:
        """Return what a method shares a limit with; None if it is not limited."""
        scope = self._policies.scope(field, method)
        return None if not scope and method.service.startswith(OURS) else scope
