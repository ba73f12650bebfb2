"""So many calls at once, and so many that wait for their turn.

Rules:

- A call that finds a free place takes it. Nobody waits while a place is free.
- When none is free it waits, first come first served; when too many wait already, it is refused.
- A place that becomes free is handed to the first who waits, and so is never free in between. Who
  is cancelled when it has just been given a place hands it on.
- Who waits leaves at its deadline. If a late loop gives it a place after that, it hands it on:
  what nobody waits for any more is not begun.
"""

import asyncio
from typing import Final

from kitfox.core import Call, DeadlineExceeded, Endpoint, Middleware
from kitfox.resilience._overload import overload
from kitfox.scope import Deadline, current_deadline, deadline_scope

_FULL: Final = "too much to do, and too many wait already"


class Bulkhead:
    """Room for `limit` calls at once, and for a `queue` of those that wait for one to end.

    It is also a block, for whatever else must not be done too often at once; the block's deadline
    is the one in force.
    """

    def __init__(self, limit: int, *, queue: int = 0) -> None:
        if limit < 1 or queue < 0:
            msg = f"expected a limit of 1 or more and a queue of 0 or more, got {limit} and {queue}"
            raise ValueError(msg)
        self._limit = limit
        self._queue = queue
        self._running = 0
        # Who waits, the longest first, and since when: a place is given as the future's result.
        self._since: dict[asyncio.Future[None], float] = {}

    @property
    def running(self) -> int:
        """How many are in."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._since)

    @property
    def full(self) -> bool:
        """Whether the next one is refused."""
        return self._running >= self._limit and len(self._since) >= self._queue

    def delay(self, now: float) -> float:
        """Return how long the first in the queue has waited at `now`, the loop's time."""
        return now - next(iter(self._since.values()), now)

    def enter_nowait(self) -> bool:
        """Take a place if one is free, and say whether it was; `leave` must follow."""
        if self._running >= self._limit:
            return False
        self._running += 1
        return True

    async def enter(self, deadline: Deadline | None = None) -> None:
        """Take a place, waiting for it if need be; `leave` must follow.

        Raises:
            Unavailable: too many wait already.
            DeadlineExceeded: the deadline came first.
        """
        if self.enter_nowait():
            return
        if self.full:
            raise overload(_FULL)
        loop = asyncio.get_running_loop()
        given = loop.create_future()
        self._since[given] = loop.time()
        try:
            with deadline_scope(deadline):
                await given
        except BaseException as error:
            self._quit(given)
            if isinstance(error, TimeoutError):
                raise _late() from None
            raise
        if deadline is not None and deadline.at <= loop.time():
            self.leave()
            raise _late()

    def leave(self) -> None:
        """Give the place to the first who waits for it."""
        while self._since:
            given = next(iter(self._since))
            del self._since[given]
            if not given.done():  # cancelled, when its task has not run since
                given.set_result(None)
                return
        self._running -= 1

    async def __aenter__(self) -> None:
        """Take a place for the block."""
        await self.enter(current_deadline())

    async def __aexit__(self, *exc: object) -> None:
        """Leave it."""
        self.leave()

    def _quit(self, given: asyncio.Future[None]) -> None:
        """Wait no longer; if the place was given meanwhile, hand it on."""
        if self._since.pop(given, None) is None and not given.cancelled():
            self.leave()


def bulkhead(room: Bulkhead) -> Middleware:
    """Let no more calls run at once than `room` has places for, streams included.

    Raises:
        Unavailable: from a call that was not begun; its details say `reason` "overload".
    """

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def kept(call: Call, message: object) -> object:
            if room.full:
                raise overload(_FULL, call)
            if not room.enter_nowait():
                await room.enter(call.deadline)
            try:
                return await endpoint(call, message)
            finally:
                room.leave()

        return kept

    return wrap


def _late() -> DeadlineExceeded:
    return DeadlineExceeded("the deadline came before there was a place")
