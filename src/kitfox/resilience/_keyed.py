"""A limiter for each key, for as many keys as there is room for."""

from collections import OrderedDict
from collections.abc import Callable

from kitfox.resilience._limiter import Decision, LocalLimiter


class Keyed:
    """Limits each key by a limiter of its own, as `make` makes it.

    It remembers the `most` keys that were used last. A key that was forgotten begins anew: who can
    choose among more keys than that is hardly limited. Choose keys that cost something to have.
    """

    def __init__(self, make: Callable[[], LocalLimiter], *, most: int = 10_000) -> None:
        if most < 1:
            msg = f"most: expected 1 or more, got {most}"
            raise ValueError(msg)
        self._make = make
        self._most = most
        self._limiters: OrderedDict[str, LocalLimiter] = OrderedDict()  # the last used at the end

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._limiters)

    def take(self, key: str, n: float, now: float, /) -> Decision:
        """Take `n` for `key`, if its limiter allows that at `now`."""
        limiter = self._limiters.get(key)
        if limiter is None:
            limiter = self._begin(key)
        else:
            self._limiters.move_to_end(key)
        return limiter.take(key, n, now)

    def _begin(self, key: str) -> LocalLimiter:
        if len(self._limiters) >= self._most:
            self._limiters.popitem(last=False)
        limiter = self._limiters[key] = self._make()
        return limiter
