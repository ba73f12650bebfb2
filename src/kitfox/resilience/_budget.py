"""How much further attempts may add to the load.

A service that fails because it has too much to do must not be asked twice as often. So the calls of
the last seconds earn what retries and hedges spend, as in Finagle's RetryBudget and in Linkerd.
"""

from typing import Final

from kitfox.resilience._rolling import Rolling

_BUCKETS: Final = 10
_CALLS: Final = 0
_SPENT: Final = 1


class Budget:
    """Allows a part `share` of the calls of the last `window` seconds to be tried once more.

    When there are few calls, `floor` further attempts a second are allowed all the same: the
    larger of the two counts, not their sum. One budget may serve several policies.
    """

    def __init__(self, *, share: float = 0.2, floor: float = 1.0, window: float = 10.0) -> None:
        if share < 0 or floor < 0 or window <= 0:
            raise ValueError("budget: expected share >= 0, floor >= 0 and window > 0")
        self._share = share
        self._least = floor * window
        self._window = Rolling(2, window=window, buckets=_BUCKETS)

    def deposit(self, now: float) -> None:
        """Count a call; not its further attempts."""
        self._window.add(_CALLS, now)

    def withdraw(self, now: float) -> bool:
        """Say whether there may be a further attempt now, and count it if so."""
        if self.left(now) < 1:
            return False
        self._window.add(_SPENT, now)
        return True

    def left(self, now: float) -> float:
        """Return how many further attempts are allowed now."""
        calls, spent = self._window.at(now)
        return max(self._share * calls, self._least) - spent
