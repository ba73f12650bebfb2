"""Calls that survive: what a caller and a server do about failure, each policy usable alone."""

from kitfox.core import (
    Key as Key,
    by_field as by_field,
    by_metadata as by_metadata,
    by_method as by_method,
)
from kitfox.resilience._adaptive_breaker import AdaptiveBreaker as AdaptiveBreaker
from kitfox.resilience._backoff import Backoff as Backoff
from kitfox.resilience._breaker import (
    Breaker as Breaker,
    Change as Change,
    Counts as Counts,
    State as State,
)
from kitfox.resilience._breakers import Breakers as Breakers
from kitfox.resilience._breaking import breaker as breaker
from kitfox.resilience._budget import Budget as Budget
from kitfox.resilience._bulkhead import Bulkhead as Bulkhead, bulkhead as bulkhead
from kitfox.resilience._criticality import (
    Criticality as Criticality,
    carry_criticality as carry_criticality,
    criticality_of as criticality_of,
)
from kitfox.resilience._deadline import Timeout as Timeout, deadline as deadline
from kitfox.resilience._fallback import fallback as fallback
from kitfox.resilience._gcra import GCRA as GCRA
from kitfox.resilience._hedge import Hedge as Hedge, hedge as hedge
from kitfox.resilience._keyed import Keyed as Keyed
from kitfox.resilience._keys import by_caller as by_caller
from kitfox.resilience._limiter import (
    Decision as Decision,
    Limiter as Limiter,
    LocalLimiter as LocalLimiter,
)
from kitfox.resilience._rate_limit import rate_limit as rate_limit
from kitfox.resilience._retry import Retry as Retry, retry as retry
from kitfox.resilience._shed import Delay as Delay, Shedder as Shedder, shed as shed
from kitfox.resilience._sliding_window import SlidingWindow as SlidingWindow
from kitfox.resilience._token_bucket import Reservation as Reservation, TokenBucket as TokenBucket
from kitfox.resilience._window_breaker import Trip as Trip, WindowBreaker as WindowBreaker

__all__ = [
    "GCRA",
    "AdaptiveBreaker",
    "Backoff",
    "Breaker",
    "Breakers",
    "Budget",
    "Bulkhead",
    "Change",
    "Counts",
    "Criticality",
    "Decision",
    "Delay",
    "Hedge",
    "Key",
    "Keyed",
    "Limiter",
    "LocalLimiter",
    "Reservation",
    "Retry",
    "Shedder",
    "SlidingWindow",
    "State",
    "Timeout",
    "TokenBucket",
    "Trip",
    "WindowBreaker",
    "breaker",
    "bulkhead",
    "by_caller",
    "by_field",
    "by_metadata",
    "by_method",
    "carry_criticality",
    "criticality_of",
    "deadline",
    "fallback",
    "hedge",
    "rate_limit",
    "retry",
    "shed",
]
