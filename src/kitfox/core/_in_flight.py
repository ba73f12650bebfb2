"""The calls a listener is serving now, and how they come to an end when it stops."""

import asyncio
import sys
from collections.abc import Coroutine, Iterable
from contextvars import Context
from typing import Any, TypeVar

from kitfox.core._call import Call
from kitfox.core._method import Kind
from kitfox.core._status import RPCError, Unavailable

T = TypeVar("T")

# How long, in seconds, a stream of replies may go on when its listener stops: it may be endless,
# and who reads it can ask for it elsewhere. What a caller streams to us, it cannot take back.
_STREAMS_WITHIN = 1.0
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


def stopped() -> Unavailable:
    """Make what a call is answered that a stopping server cuts off.

    Its details say so to programs: who follows a stream asks for it again, elsewhere.
    """
    return Unavailable("the server stopped before it replied", details={"reason": "stopping"})


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
        """Refuse new calls, wait `grace` seconds for the running ones, then cancel the rest.

        A stream of replies has a second of it.
        """
        self.refuse()
        short = min(grace, _STREAMS_WITHIN)
        try:
            await self._over(short)
            self._cancel(task for task, call in self._tasks.items() if _may_be_endless(call))
            await self._over(grace - short)
        finally:  # also when the wait itself is cut short
            self._cancel(self._tasks)
        while self._tasks:
            await self._over(_CANCEL_AGAIN)
            self._cancel(self._tasks)

    async def _over(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _cancel(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        for task in list(tasks):
            self.cancel(task, stopped())


def _may_be_endless(call: Call) -> bool:
    return call.method.kind is Kind.SERVER_STREAM
