"""One asks, many wait."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def loop_time() -> float:
    """Return the running loop's time, in seconds."""
    return asyncio.get_running_loop().time()


class SingleFlight(Generic[T]):
    """Runs something at most once at a time; whoever wants it meanwhile waits for that one.

    It belongs to nobody who waits: their deadlines do not bind it, and it goes on when they leave.
    So `run` must end by itself.
    """

    def __init__(self, run: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._run = run
        self._task: asyncio.Task[T] | None = None

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self._task is not None

    def start(self) -> asyncio.Task[T]:
        """Begin, unless it is under way."""
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._run(), context=Context())
            self._task.add_done_callback(self._landed)
        return self._task

    async def join(self) -> T:
        """Begin or wait, and return or raise what came of it."""
        return await asyncio.shield(self.start())

    async def aclose(self) -> None:
        """Break it off."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _landed(self, task: asyncio.Task[T]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # looked at, for perhaps nobody waits
