"""Starts that heed cancellation, as all that is awaited does.

Rules:

- A cancellation that is due comes before the start, and nothing is started then. Due is one that
  was asked for already, and one by a timer whose time has come.
- Nothing is awaited after the start: what was started is in the hands of who asked.
"""

import asyncio
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Generic, TypeVar

from kitfox.exec._closing import Closing

_Started = TypeVar("_Started", bound=Closing)


class Starting(Generic[_Started]):
    """What `start` gives: `async with` it, or await it on its own."""

    __slots__ = ("_start", "_started")

    _started: _Started

    def __init__(self, begin: Callable[[], _Started]) -> None:
        self._start = start(begin)

    def __await__(self) -> Generator[object, None, _Started]:
        return self._start.__await__()

    async def __aenter__(self) -> _Started:
        self._started = await self._start
        return self._started

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._started.aclose()


async def start(begin: Callable[[], _Started]) -> _Started:
    """Begin, unless a cancellation is due."""
    await asyncio.sleep(0)  # timers whose time has come ask for theirs in this turn
    await asyncio.sleep(0)  # and it comes in the next
    return begin()
