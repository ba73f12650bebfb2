"""Keys that somebody else publishes and changes: which are known, and when to ask again.

- A key that is known is used at once. When all are older than `max_age`, they are asked for
  beside that, and those that are known serve until the new ones are there.
- A key that is not known is asked for, and waited for: the publisher may have changed its keys.
- Nobody makes us ask more often than every `again` seconds, whatever keys he names.
- A publisher that is away, or publishes nonsense, changes nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from kitfox.auth._single_flight import SingleFlight, loop_time
from kitfox.core import Unavailable

K = TypeVar("K")

_log = logging.getLogger("kitfox.auth")


class KeyRing(Generic[K]):
    """Finds keys among those that `read` returns."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Sequence[K]]],
        *,
        max_age: float,
        again: float,
        clock: Callable[[], float] = loop_time,
    ) -> None:
        self._read = read
        self._max_age = max_age
        self._again = again
        self._clock = clock
        self._keys: Sequence[K] | None = None
        self._read_at = 0.0
        self._asked_at: float | None = None
        self._asking = SingleFlight(self._ask)

    async def find(self, fits: Callable[[K], bool]) -> K | None:
        """Return the only key that fits; None when there is none, or more than one.

        Raises:
            Unavailable: no key at all is known yet.
        """
        now = self._clock()
        if (key := self._only(fits)) is not None:
            if now - self._read_at >= self._max_age and self._may_ask(now):
                self._asking.start()
            return key
        if self._asking.running or self._may_ask(now):
            await self._asking.join()
        if self._keys is None:
            raise Unavailable("the keys that tokens are signed with are not known yet")
        return self._only(fits)

    async def aclose(self) -> None:
        """Stop asking."""
        await self._asking.aclose()

    def _only(self, fits: Callable[[K], bool]) -> K | None:
        fitting = [key for key in self._keys or () if fits(key)]
        return fitting[0] if len(fitting) == 1 else None

    def _may_ask(self, now: float) -> bool:
        return self._asked_at is None or now - self._asked_at >= self._again

    async def _ask(self) -> None:
        self._asked_at = self._clock()
        try:
            keys = await self._read()
        except Exception as error:  # noqa: BLE001 - whatever it is, calls go on with what is known
            _log.warning("keys could not be read, those that are known stay: %s", error)
            return
        self._keys, self._read_at = keys, self._clock()
