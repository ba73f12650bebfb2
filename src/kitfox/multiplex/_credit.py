"""Streams of items over a link that must not be flooded.

Rules:

- A sender has credit for so many items; each item costs one; with none left it waits.
- A reader grants credit only for items that its consumer has taken. So no more than WINDOW items
  of a stream are ever between the two, however slow the consumer is.
- A stream ends once, with an error or without; what came before the end is still taken.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from kitfox.multiplex._frames import WINDOW

_GRANT = WINDOW // 2  # one Credit for so many items


class BadFrame(Exception):
    """The peer broke the rules of the link, which cannot go on."""


class Outflow:
    """The sender's side."""

    __slots__ = ("_left", "_waiter")

    def __init__(self) -> None:
        self._left = WINDOW
        self._waiter: asyncio.Future[None] | None = None

    async def take(self) -> None:
        """Wait until there is credit for one item, and use it. One waits at a time."""
        while not self._left:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._left -= 1

    def grant(self, items: int) -> None:
        """Add credit."""
        self._left += items
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Inflow:
    """The reader's side: an async iterator over what has arrived; `grant` sends credit."""

    __slots__ = ("_error", "_finished", "_grant", "_items", "_taken", "_waiter")

    def __init__(self, grant: Callable[[int], None]) -> None:
        self._items: deque[bytes] = deque()
        self._grant = grant
        self._taken = 0
        self._finished = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def put(self, item: bytes) -> None:
        """Take an item from the wire; raise BadFrame if the peer had no credit for it."""
        if len(self._items) + self._taken >= WINDOW:
            msg = f"the peer has sent more than {WINDOW} items that nobody has taken"
            raise BadFrame(msg)
        if not self._finished:
            self._items.append(item)
            self._wake()

    def finish(self, error: BaseException | None = None) -> None:
        """Say that no further item comes. Only the first call counts."""
        if not self._finished:
            self._finished = True
            self._error = error
            self._wake()

    def __aiter__(self) -> Self:
        """Return the stream itself."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next item, and grant what its place is worth."""
        while not self._items:
            if self._finished:
                raise self._error or StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        item = self._items.popleft()
        self._taken += 1
        if self._taken == _GRANT and not self._finished:
            self._taken = 0
            self._grant(_GRANT)
        return item

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
