"""The caller's side of streamed replies: the call runs in its own task, one item ahead.

Rules:

- The call starts with the first item asked for, and is over when the iteration ends.
- Closing the stream, or forgetting it, cancels the call, and so the handler at the far end.
- A read that is cancelled ends the call too, as it would end an async generator: a caller that
  gives up waiting has given up the call. Reading on raises Cancelled.
- The task holds the slot, never the stream: a forgotten stream can be collected.

It is an async generator to all who ask, so that a contract may promise one and its caller close it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from types import TracebackType
from typing import NoReturn, TypeVar

from kitfox.core._call import Send
from kitfox.core._closing import Closing
from kitfox.core._slot import Slot
from kitfox.core._status import Cancelled

T = TypeVar("T")


class ReplyStream(Closing, AsyncGenerator[T, None]):
    """The replies of one call, in order.

    Iterate it once. To stop early call `aclose`, leave its `async with` block, or drop it.
    """

    def __init__(
        self, run: Callable[[Send], Coroutine[None, None, None]], unwrap: Callable[[object], T]
    ) -> None:
        self._run = run
        self._unwrap = unwrap
        self._slot = Slot()
        self._task: asyncio.Task[None] | None = None

    async def __anext__(self) -> T:
        """Return the next reply; raise what the call raised."""
        if self._task is None and not self._slot.finished:
            self._task = asyncio.create_task(_fill(self._slot, self._run))
        try:
            item = await anext(self._slot)
        except asyncio.CancelledError:
            self._end(Cancelled("the reader of this stream gave up"))
            raise
        return self._unwrap(item)

    async def asend(self, value: None, /) -> T:
        """Return the next reply, as `anext` does: there is nothing to send."""
        return await anext(self)

    async def athrow(
        self,
        kind: type[BaseException] | BaseException,
        error: object = None,
        trace: TracebackType | None = None,
        /,
    ) -> NoReturn:
        """End the call and raise the error here: the far end cannot handle it."""
        await self.aclose()
        raise error if isinstance(error, BaseException) else kind

    async def aclose(self) -> None:
        """End the call now. A closed stream has no further item. Idempotent."""
        self._end()
        if self._task is not None:
            await asyncio.wait([self._task])

    def _end(self, error: Cancelled | None = None) -> None:
        self._slot.close(error)
        if self._task is not None:
            self._task.cancel()

    def __del__(self) -> None:
        """Cancel the call of a forgotten stream."""
        task = self._task
        if task is not None and not task.done() and not task.get_loop().is_closed():
            task.get_loop().call_soon_threadsafe(task.cancel)


async def _fill(slot: Slot, run: Callable[[Send], Coroutine[None, None, None]]) -> None:
    try:
        await run(slot.put)
    except asyncio.CancelledError:
        slot.finish(asyncio.CancelledError())
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the reader
        slot.finish(error)
    else:
        slot.finish()
