"""What a server does about load: the fields `shed`, `rate_limit` and `bulkhead` of a policy."""

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta

from kitfox.app._policy_rules import Count, Positive, Rules, Share, length
from kitfox.resilience import (
    GCRA,
    Bulkhead,
    Criticality,
    Key,
    Keyed,
    Shedder,
    by_caller,
    by_method,
)


class ShedRules(Rules, frozen=True):
    """`shed`: what delay is too much for a server, and whose word on criticality counts.

    The target is far above that of a `Shedder`: nothing is known here of how long a call may keep
    the loop busy, nor of who else uses the machine.
    """

    target: timedelta = timedelta(seconds=0.05)
    interval: timedelta = timedelta(seconds=0.1)
    spare: Share = 0.1
    highest: Literal["critical", "default", "sheddable"] = "critical"

    def made(self, *, exact: bool = False) -> Shedder:
        """Return a new shedder, for the delays of a queue if they are `exact`."""
        return Shedder(
            target=length(self.target),
            interval=length(self.interval),
            spare=self.spare,
            exact=exact,
        )

    def made_highest(self) -> Criticality:
        """Return the highest class that counts."""
        return Criticality(self.highest)


class RateRules(Rules, frozen=True):
    """`rate_limit`: how many calls a second a server takes of each caller, or of each method."""

    rate: Positive
    burst: Positive | None = None
    by: Literal["caller", "method"] = "caller"
    announce: bool = False

    def made(self) -> Keyed:
        """Return a new limiter; what may come at once is a second's worth, unless it is said."""
        burst = max(self.rate, 1.0) if self.burst is None else self.burst
        return Keyed(lambda: GCRA(rate=self.rate, burst=burst))

    def made_key(self) -> Key:
        """Return what makes calls count together."""
        return by_caller if self.by == "caller" else by_method


class BulkheadRules(Rules, frozen=True):
    """`bulkhead`: how many calls run at once in a server, and how many wait."""

    limit: Count
    queue: Annotated[int, Meta(ge=0)] = 0

    def made(self) -> Bulkhead:
        """Return new room."""
        return Bulkhead(self.limit, queue=self.queue)
