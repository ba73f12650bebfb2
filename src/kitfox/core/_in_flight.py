"""The calls a listener is serving now, and how they come to an end when it stops."""

import asyncio
import sys
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

from kitfox.core._call import Call
from kitfox.core._status import RPCError, Unavailable

T = TypeVar("T")

# A handler that swallows its cancellation is cancelled again after this many seconds.
_CANCEL_AGAIN = 1.0

if sys.version_info >= (3, 12):

    def _begin(run: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Run a call at once, as far as it goes without waiting; most never have to wait."""
        loop = asyncio.get_running_loop()
        return asyncio.Task(run, loop=loop, context=Context(), eager_start=True)

else:

    def _begin(run: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Run a call, beginning in the next turn of the loop."""
        return asyncio.get_running_loop().create_task(run, context=Context())


class InFlight:
    """The running calls of one listener.

    States: open (calls start) → draining (none starts, the running ones end) → empty.
    """

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], Call] = {}
        self._draining = False

    def __len__(self) -> int:
        """Return how many calls are running."""
        return len(self._tasks)

    @property
    def draining(self) -> bool:
        """Whether new calls are refused."""
        return self._draining

    def refuse(self) -> None:
        """Take no new call from now on."""
        self._draining = True

    def start(self, run: Coroutine[None, None, T], call: Call) -> asyncio.Task[T]:
        """Run `call` in a task of its own, with a context of its own: no caller's values leak in.

        The task may be done already: where Python can, it begins at once.

        Raises:
            Unavailable: the listener is draining.
        """
        if self._draining:
            run.close()
            text = "the server is stopping"
            raise Unavailable(text)
        task = _begin(run)
        if not task.done():
            self._tasks[task] = call
            task.add_done_callback(self._tasks.pop)
        return task

    def cancel(self, task: asyncio.Task[Any], why: RPCError) -> None:
        """Cancel a call that was started here, and end its scope, wherever its handler is."""
        if (call := self._tasks.get(task)) is not None:
            call.end(why)
            task.cancel()

    async def drain(self, grace: float) -> None:
        """Refuse new calls, wait `grace` seconds for the running ones, then cancel the rest."""
        self.refuse()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=grace)
        finally:  # also when the wait itself is cut short
            self._cancel()
        while self._tasks:
            await asyncio.wait(self._tasks, timeout=_CANCEL_AGAIN)
            self._cancel()

    def _cancel(self) -> None:
        stopping = Unavailable("the server is stopping")
        for task in list(self._tasks):
            self.cancel(task, stopping)
