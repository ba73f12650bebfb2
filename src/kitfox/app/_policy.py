"""What may be said of a service's calls, or of a method's: the fields of a `[policy]` table.

What is true has its defaults, what is false is off. How each works, and where it comes from, is
told by the class that is made of it, in `kitfox.resilience` and `kitfox.balancing`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal, TypeVar

import msgspec

from kitfox.app._policy_failure import BreakerRules, HedgeRules, InstanceBreakerRules, RetryRules
from kitfox.app._policy_load import BulkheadRules, RateRules, ShedRules
from kitfox.app._policy_rules import length
from kitfox.balancing import P2C, Balancer, LeastInFlight, Random, RoundRobin, Weighted

R = TypeVar("R")

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
        return length(said)
    return usual if said else None


def rules(said: R | bool, usual: Callable[[], R]) -> R | None:  # noqa: FBT001 - as written
    """Return the rules that a field has; None when it is off."""
    if isinstance(said, bool):
        return usual() if said else None
    return said
