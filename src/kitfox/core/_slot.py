"""Room for one item between a task that makes items and a task that takes them.

The maker is at most one item ahead: `put` returns when the slot has room again for the next one
to be prepared, which is when the slot was empty. That is all the back-pressure a call needs.

States: open (items pass) → finished (with an error or without; what is in the slot is still taken).
"""

import asyncio
from typing import Self


class Slot:
    """One maker, one taker, one item in between."""

    __slots__ = ("_error", "_finished", "_item", "_waiter")

    def __init__(self) -> None:
        self._item: list[object] = []
        self._finished = False
        self._error: BaseException | None = None
        # At most one side can wait at a time: the taker of an empty slot, the maker of a full one.
        self._waiter: asyncio.Future[None] | None = None

    @property
    def finished(self) -> bool:
        """Whether the last item is in the slot or was taken."""
        return self._finished

    async def put(self, item: object) -> None:
        """Leave an item, waiting while the last one has not been taken."""
        while self._item and not self._finished:
            await self._wait()
        if not self._finished:
            self._item.append(item)
            self._wake()

    def __aiter__(self) -> Self:
        """Return the slot: iterating takes every item."""
        return self

    async def __anext__(self) -> object:
        """Return the next item; StopAsyncIteration or the maker's error after the last one."""
        while not self._item:
            if self._finished:
                raise self._error or StopAsyncIteration
            await self._wait()
        item = self._item.pop()
        self._wake()
        return item

    def finish(self, error: BaseException | None = None) -> None:
        """Say that no further item comes. Only the first call counts."""
        if not self._finished:
            self._finished = True
            self._error = error
            self._wake()

    def close(self, error: BaseException | None = None) -> None:
        """Finish, and drop the item that was not taken."""
        self._item.clear()
        self.finish(error)

    async def _wait(self) -> None:
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            if self._waiter is waiter:  # the other side may wait by now
                self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
