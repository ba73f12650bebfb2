"""What may be said of a service's calls, or of a method's: the fields of a `[policy]` table.

What is true has its defaults, what is false is off. How each works, and where it comes from, is
told by the class that is made of it, in `kitfox.resilience` and `kitfox.balancing`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal, TypeVar

import msgspec

from kitfox.app._policy_failure import (
    BreakerRules,
    FallbackRules,
    HedgeRules,
    InstanceBreakerRules,
    RetryRules,
)
from kitfox.app._policy_load import BulkheadRules, RateRules, ShedRules
from kitfox.app._policy_nodes import BalancerName, HashRules, OutlierRules, PreferRules, SubsetRules
from kitfox.app._policy_rules import length

R = TypeVar("R")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one method: everything that is said of it, its service, and all of them."""

    deadline: timedelta | bool = True  # of a client's calls that have none: 2 s
    maximum: timedelta | bool = True  # of a server's calls, whatever their callers wish: 60 s
    retry: RetryRules | bool = True
    hedge: HedgeRules | bool = False
    breaker: BreakerRules | bool = True
    instance_breaker: InstanceBreakerRules | bool = False
    balancer: BalancerName | HashRules = "p2c"
    outliers: OutlierRules | bool = True
    prefer: PreferRules | Literal[False] = False
    subset: SubsetRules | Literal[False] = False
    fallback: FallbackRules | Literal[False] = False
    shed: ShedRules | bool = True
    rate_limit: RateRules | Literal[False] = False
    bulkhead: BulkheadRules | Literal[False] = False


FIELDS = frozenset(Policy.__struct_fields__)
CLUSTER_FIELDS = frozenset({"balancer", "instance_breaker", "outliers", "prefer", "subset"})
"""What is of a service's cluster: of no single method, and taken when the cluster is opened."""
METHOD_FIELDS = frozenset({"fallback"})
"""What is of one method, because it fits no other."""

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
