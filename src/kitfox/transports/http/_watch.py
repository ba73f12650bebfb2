"""Cancels the running task when its client leaves.

Watching costs a task, and most handlers are done before the loop turns once: the watch begins
only with the next turn.
"""

import asyncio
from types import TracebackType
from typing import Self

from kitfox.core import Unavailable
from kitfox.net import Receive


class Watch:
    """Watches one request's client while a block runs.

    States: armed → watching (a turn later) → over. When the client leaves while the block runs,
    the block is cancelled.
    """

    __slots__ = ("_gone", "_handle", "_receive", "_task", "_watcher")

    _handle: asyncio.Handle
    _task: "asyncio.Task[object] | None"

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._gone = False

    def __enter__(self) -> Self:
        """Begin to watch at the next turn of the loop."""
        self._task = asyncio.current_task()
        self._handle = asyncio.get_running_loop().call_soon(self._start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        self._handle.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def interruption(self) -> Unavailable | None:
        """Take back the cancellation that ended the block, and return what to tell the client.

        None when there is no client any more; otherwise it is the server that stops.
        """
        if self._task is not None:
            self._task.uncancel()
        return None if self._gone else Unavailable("the server is stopping; try another instance")

    def _start(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel()
