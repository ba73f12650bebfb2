"""What a client does about failure: `fallback`, `hedge`, `retry` and the breakers of a policy."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from kitfox.app._config_error import did_you_mean
from kitfox.app._policy_rules import Count, Rules, Share, length
from kitfox.core import Code
from kitfox.resilience import (
    AdaptiveBreaker,
    Backoff,
    Breaker,
    Budget,
    Hedge,
    Retry,
    Trip,
    WindowBreaker,
)

_FAILURES = frozenset(Code.__members__) - {"OK"}


class FallbackRules(Rules, frozen=True):
    """`fallback`: what a client gives for a reply when calls of a method fail.

    The value fits the method's reply, which is not known here; without one it is nothing.
    """

    value: object = None
    codes: tuple[str, ...] = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED")
    share: Annotated[float, Meta(gt=0, le=1)] = 0.95

    def made(self) -> frozenset[Code]:
        """Return the codes. Raises ValueError."""
        for name in self.codes:
            if name not in _FAILURES:
                hint = did_you_mean(name, _FAILURES)
                msg = f'codes: "{name}" is no code of a failure{hint}'
                raise ValueError(msg)
        return frozenset(Code[name] for name in self.codes)


class RetryRules(Rules, frozen=True):
    """`retry`: when a client tries again, and how much more load that may be."""

    tries: Count = 2
    base: timedelta = timedelta(seconds=0.01)
    factor: Annotated[float, Meta(ge=1, le=100)] = 2.0
    longest: timedelta = timedelta(seconds=1)
    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    patience: timedelta = timedelta(seconds=10)
    budget: Share = 0.2
    floor: Annotated[float, Meta(ge=0)] = 1.0

    def made(self) -> Retry:
        """Return the policy."""
        backoff = Backoff(base=length(self.base), factor=self.factor, longest=length(self.longest))
        return Retry(
            tries=self.tries, backoff=backoff, share=self.share, patience=length(self.patience)
        )

    def made_budget(self) -> Budget:
        """Return the budget."""
        return Budget(share=self.budget, floor=self.floor)


class HedgeRules(Rules, frozen=True):
    """`hedge`: when a client makes a second attempt beside the first."""

    part: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    least: timedelta = timedelta(seconds=0.002)
    calls: Count = 100

    def made(self) -> Hedge:
        """Return the policy."""
        return Hedge(part=self.part, least=length(self.least), calls=self.calls)


class BreakerRules(Rules, frozen=True):
    """`breaker`: when a client leaves a service alone."""

    k: Annotated[float, Meta(ge=1)] = 1.5
    window: timedelta = timedelta(seconds=10)
    protect: Annotated[int, Meta(ge=0)] = 5
    probe_after: timedelta = timedelta(seconds=1)

    def made(self) -> Breaker:
        """Return a new breaker."""
        return AdaptiveBreaker(
            k=self.k,
            window=length(self.window),
            protect=self.protect,
            probe_after=length(self.probe_after),
        )


class InstanceBreakerRules(Rules, frozen=True):
    """`instance_breaker`: when a client leaves a single instance alone."""

    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    volume: Count = 20
    streak: Count | None = None
    slow: timedelta | None = None
    slow_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    window: timedelta = timedelta(seconds=10)
    cool: timedelta = timedelta(seconds=5)
    probes: Count = 1
    successes: Count = 2

    def made(self) -> Breaker:
        """Return a new breaker."""
        slow = {} if self.slow is None else {"slow": length(self.slow)}
        trip = Trip(
            share=self.share,
            volume=self.volume,
            streak=self.streak,
            slow_share=self.slow_share,
            **slow,
        )
        return WindowBreaker(
            trip,
            window=length(self.window),
            cool=length(self.cool),
            probes=self.probes,
            successes=self.successes,
        )
