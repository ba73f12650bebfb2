"""The streams of replies that are open now: counted, limited, and ended when the server stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from kitfox.core import Unavailable

# How long, in seconds, a request for a stream may be on its way when the server begins to stop.
_ON_THEIR_WAY = 1.0


class Streams:
    """States: open → ending → ended.

    When the end begins, all are cancelled. Those that were on their way begin still, and are
    cancelled a moment later; an ended one takes no new stream.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: set[asyncio.Task[object]] = set()
        self._ended = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count the running task as a stream while the block runs.

        Raises:
            Unavailable: there are too many, or the server is stopping.
        """
        if self._ended or len(self._tasks) >= self._limit:
            reason = "stopping" if self._ended else f"busy with {self._limit} streams"
            text = f"the server is {reason}; try another instance"
            raise Unavailable(text)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    def end(self) -> None:
        """Cancel all streams; their clients are told that the server stops."""
        self._cancel()
        asyncio.get_running_loop().call_later(_ON_THEIR_WAY, self._end)

    def _end(self) -> None:
        self._ended = True
        self._cancel()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
