"""What a limiter is asked, and what it answers."""

from collections.abc import Awaitable
from typing import NamedTuple, Protocol


class Decision(NamedTuple):
    """Whether so much may happen now. Times are in seconds from now.

    `limit` may happen at once, and so much comes back in `window`. `remaining` is what is left,
    in whole ones; after `reset` all of it is back. What was refused may be asked for again after
    `retry_after`: 0.0 when it was allowed, infinite when so much is never allowed.
    """

    allowed: bool
    limit: float
    window: float
    remaining: float
    reset: float
    retry_after: float


class Limiter(Protocol):
    """Decides how much may happen, by a key. Who decides elsewhere answers with an awaitable."""

    def take(self, key: str, n: float, now: float, /) -> Decision | Awaitable[Decision]:
        """Take `n` for `key`, if that is allowed at `now`; what is refused is not counted."""
        ...


class LocalLimiter(Protocol):
    """A limiter that decides in this process, at once."""

    def take(self, key: str, n: float, now: float, /) -> Decision:
        """Take `n` for `key`, if that is allowed at `now`; what is refused is not counted."""
        ...
