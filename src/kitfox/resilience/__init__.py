"""Calls that survive: what a caller and a server do about failure, each policy usable alone."""

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
from kitfox.resilience._deadline import Timeout as Timeout, deadline as deadline
from kitfox.resilience._fallback import fallback as fallback
from kitfox.resilience._hedge import Hedge as Hedge, hedge as hedge
from kitfox.resilience._retry import Retry as Retry, retry as retry
from kitfox.resilience._window_breaker import Trip as Trip, WindowBreaker as WindowBreaker

__all__ = [
    "AdaptiveBreaker",
    "Backoff",
    "Breaker",
    "Breakers",
    "Budget",
    "Change",
    "Counts",
    "Hedge",
    "Retry",
    "State",
    "Timeout",
    "Trip",
    "WindowBreaker",
    "breaker",
    "deadline",
    "fallback",
    "hedge",
    "retry",
]
