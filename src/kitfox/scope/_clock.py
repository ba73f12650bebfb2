"""What a tree of scopes knows of time: an event loop's, unless a test brings its own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and runs things later. Any thread may ask."""

    def now(self) -> float:
        """Return the time in seconds, of which deadlines are points."""
        ...

    def call_at(self, when: float, callback: Callable[[], object]) -> Callable[[], None]:
        """Run `callback` at a time; return what takes that back."""
        ...

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Run `callback` soon, but not here."""
        ...


class LoopClock:
    """The clock of an event loop. What is to run when the loop is closed does not run."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return self._loop.time()

    def call_at(self, when: float, callback: Callable[[], object]) -> Callable[[], None]:
        if _runs_here(self._loop):
            return self._loop.call_at(when, callback).cancel
        return _Timer(self._loop, when, callback).stop

    def call_soon(self, callback: Callable[[], object]) -> None:
        soon(self._loop, callback)


class _Timer:
    """A timer that another thread sets and stops: the loop does both for it, in that order."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, when: float, callback: Callable[[], object]
    ) -> None:
        self._loop = loop
        self._when = when
        self._callback = callback
        soon(loop, self._arm)

    def stop(self) -> None:
        soon(self._loop, self._disarm)

    def _arm(self) -> None:
        self._handle = self._loop.call_at(self._when, self._callback)

    def _disarm(self) -> None:
        self._handle.cancel()


def soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Let `loop` run `callback` in its next turn; from any thread."""
    if _runs_here(loop):
        loop.call_soon(callback)
        return
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(callback)


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
