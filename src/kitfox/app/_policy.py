"""What may be said of a service's calls, or of a method's: the fields of a `[policy]` table.

What is true has its defaults, what is false is off. How each works, and where it comes from, is
told by the class that is made of it, in `kitfox.resilience` and `kitfox.balancing`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from kitfox.balancing import P2C, Balancer, LeastInFlight, Random, RoundRobin, Weighted
from kitfox.resilience import (
    GCRA,
    AdaptiveBreaker,
    Backoff,
    Breaker,
    Budget,
    Bulkhead,
    Criticality,
    Hedge,
    Key,
    Keyed,
    Retry,
    Shedder,
    Trip,
    WindowBreaker,
    by_caller,
    by_method,
)

R = TypeVar("R")

_Count = Annotated[int, Meta(ge=1)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Positive = Annotated[float, Meta(gt=0)]


class _Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field's own table."""


class RetryRules(_Rules, frozen=True):
    """`retry`: when a client tries again, and how much more load that may be."""

    tries: _Count = 2
    base: timedelta = timedelta(seconds=0.01)
    factor: Annotated[float, Meta(ge=1, le=100)] = 2.0
    longest: timedelta = timedelta(seconds=1)
    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    patience: timedelta = timedelta(seconds=10)
    budget: _Share = 0.2
    floor: Annotated[float, Meta(ge=0)] = 1.0

    def made(self) -> Retry:
        """Return the policy."""
        backoff = Backoff(base=_s(self.base), factor=self.factor, longest=_s(self.longest))
        return Retry(
            tries=self.tries, backoff=backoff, share=self.share, patience=_s(self.patience)
        )

    def made_budget(self) -> Budget:
        """Return the budget."""
        return Budget(share=self.budget, floor=self.floor)


class HedgeRules(_Rules, frozen=True):
    """`hedge`: when a client makes a second attempt beside the first."""

    part: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    least: timedelta = timedelta(seconds=0.002)
    calls: _Count = 100

    def made(self) -> Hedge:
        """Return the policy."""
        return Hedge(part=self.part, least=_s(self.least), calls=self.calls)


class BreakerRules(_Rules, frozen=True):
    """`breaker`: when a client leaves a service alone."""

    k: Annotated[float, Meta(ge=1)] = 1.5
    window: timedelta = timedelta(seconds=10)
    protect: Annotated[int, Meta(ge=0)] = 5
    probe_after: timedelta = timedelta(seconds=1)

    def made(self) -> Breaker:
        """Return a new breaker."""
        return AdaptiveBreaker(
            k=self.k,
            window=_s(self.window),
            protect=self.protect,
            probe_after=_s(self.probe_after),
        )


class InstanceBreakerRules(_Rules, frozen=True):
    """`instance_breaker`: when a client leaves a single instance alone."""

    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    volume: _Count = 20
    streak: _Count | None = None
    slow: timedelta | None = None
    slow_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    window: timedelta = timedelta(seconds=10)
    cool: timedelta = timedelta(seconds=5)
    probes: _Count = 1
    successes: _Count = 2

    def made(self) -> Breaker:
        """Return a new breaker."""
        slow = {} if self.slow is None else {"slow": _s(self.slow)}
        trip = Trip(
            share=self.share,
            volume=self.volume,
            streak=self.streak,
            slow_share=self.slow_share,
            **slow,
        )
        return WindowBreaker(
            trip,
            window=_s(self.window),
            cool=_s(self.cool),
            probes=self.probes,
            successes=self.successes,
        )


class ShedRules(_Rules, frozen=True):
    """`shed`: what delay is too much for a server, and whose word on criticality counts.

    The target is far above that of a `Shedder`: nothing is known here of how long a call may keep
    the loop busy, nor of who else uses the machine.
    """

    target: timedelta = timedelta(seconds=0.05)
    interval: timedelta = timedelta(seconds=0.1)
    spare: _Share = 0.1
    highest: Literal["critical", "default", "sheddable"] = "critical"

    def made(self) -> Shedder:
        """Return a new shedder."""
        return Shedder(target=_s(self.target), interval=_s(self.interval), spare=self.spare)

    def made_highest(self) -> Criticality:
        """Return the highest class that counts."""
        return Criticality(self.highest)


class RateRules(_Rules, frozen=True):
    """`rate_limit`: how many calls a second a server takes of each caller, or of each method."""

    rate: _Positive
    burst: _Positive | None = None
    by: Literal["caller", "method"] = "caller"
    announce: bool = False

    def made(self) -> Keyed:
        """Return a new limiter; what may come at once is a second's worth, unless it is said."""
        burst = max(self.rate, 1.0) if self.burst is None else self.burst
        return Keyed(lambda: GCRA(rate=self.rate, burst=burst))

    def made_key(self) -> Key:
        """Return what makes calls count together."""
        return by_caller if self.by == "caller" else by_method


class BulkheadRules(_Rules, frozen=True):
    """`bulkhead`: how many calls run at once in a server, and how many wait."""

    limit: _Count
    queue: Annotated[int, Meta(ge=0)] = 0

    def made(self) -> Bulkhead:
        """Return new room."""
        return Bulkhead(self.limit, queue=self.queue)


_BALANCERS: dict[str, Callable[[], Balancer]] = {
    "p2c": P2C,
    "least_in_flight": LeastInFlight,
    "random": Random,
    "round_robin": RoundRobin,
    "weighted": Weighted,
}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one method: everything that is said of it, its service, and all of them."""

    deadline: timedelta | bool = True  # of a client's calls that have none: 2 s
    maximum: timedelta | bool = True  # of a server's calls, whatever their callers wish: 60 s
    retry: RetryRules | bool = True
    hedge: HedgeRules | bool = False
    breaker: BreakerRules | bool = True
    instance_breaker: InstanceBreakerRules | bool = False
    balancer: Literal["p2c", "least_in_flight", "random", "round_robin", "weighted"] = "p2c"
    shed: ShedRules | bool = True
    rate_limit: RateRules | Literal[False] = False
    bulkhead: BulkheadRules | Literal[False] = False

    def made_balancer(self) -> Balancer:
        """Return a new balancer."""
        return _BALANCERS[self.balancer]()


FIELDS = frozenset(Policy.__struct_fields__)

DEADLINE = 2.0
MAXIMUM = 60.0


def seconds(said: timedelta | bool, usual: float) -> float | None:  # noqa: FBT001 - as written
    """Return a limit in seconds; None for no limit."""
    if isinstance(said, timedelta):
        return _s(said)
    return usual if said else None


def rules(said: R | bool, usual: Callable[[], R]) -> R | None:  # noqa: FBT001 - as written
    """Return the rules that a field has; None when it is off."""
    if isinstance(said, bool):
        return usual() if said else None
    return said


def _s(length: timedelta) -> float:
    return length.total_seconds()
