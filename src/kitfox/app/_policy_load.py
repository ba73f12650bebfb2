"""What a server does about load: the fields `shed`, `rate_limit` and `bulkhead` of a policy."""

import importlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.util import find_spec
from typing import Annotated, Final, Literal, cast
from urllib.parse import urlsplit

from msgspec import Meta

from kitfox.app._policy_rules import Count, Positive, Rules, Share, key_of, length
from kitfox.resilience import (
    GCRA,
    Bulkhead,
    Criticality,
    Key,
    Keyed,
    Limiter,
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


_BY: Final[Mapping[str, Key]] = {"caller": by_caller, "method": by_method}
_STORES: Final = ("redis", "rediss", "unix")


class RateRules(Rules, frozen=True):
    """`rate_limit`: how many calls a second a server takes of each caller, or of each method.

    With a `store`, so many are taken by all servers that have the same; when it does not answer
    within `patience`, each limits for itself.
    """

    rate: Positive
    burst: Positive | None = None
    by: str = "caller"
    announce: bool = False
    store: str | None = None
    patience: timedelta = timedelta(seconds=0.25)

    def made(self) -> Keyed:
        """Return a new limiter of this process alone. Raises ValueError."""
        self.made_key()
        if self.store is not None:
            _check_store(self.store)
        return Keyed(self._of_one)

    def made_limiter(self, name: str) -> Limiter:
        """Return a new limiter: a shared one by this name, if there is a store."""
        alone = self.made()
        if self.store is None:
            return alone
        module = importlib.import_module("kitfox.resilience.redis")  # of an extra
        shared = cast("Callable[..., Limiter]", module.SharedLimiter)
        patience = length(self.patience)
        return shared(self.store, self._of_one, name=name, patience=patience, alone=alone)

    def made_key(self) -> Key:
        """Return what makes calls count together. Raises ValueError."""
        try:
            return _BY.get(self.by) or key_of(self.by)
        except ValueError as error:
            msg = f'by: {error}; or "caller" or "method"'
            raise ValueError(msg) from None

    def _of_one(self) -> GCRA:
        """Return the limiter of one key; what may come at once is a second's worth by itself."""
        burst = max(self.rate, 1.0) if self.burst is None else self.burst
        return GCRA(rate=self.rate, burst=burst)


def _check_store(url: str) -> None:
    """Raise ValueError, without the password that the URL may have."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in _STORES and (parts.port or 0) >= 0
    except ValueError:
        good = False
    if not good:
        msg = "store: expected a URL such as redis://127.0.0.1:6379 (or rediss://, unix://)"
        raise ValueError(msg)
    if find_spec("redis") is None:
        msg = "store: needs an extra: pip install 'kitfox[redis]'"
        raise ValueError(msg)


class BulkheadRules(Rules, frozen=True):
    """`bulkhead`: how many calls run at once in a server, and how many wait."""

    limit: Count
    queue: Annotated[int, Meta(ge=0)] = 0

    def made(self) -> Bulkhead:
        """Return new room."""
        return Bulkhead(self.limit, queue=self.queue)
