"""Deadlines as blocks of code: the body is cancelled at the deadline, and all it calls know it.

Rules:

- The deadline in force is the earliest of all the blocks around the running code.
- A block turns into TimeoutError only the cancellation that it sent itself; a cancellation that
  came from outside passes through, even when both arrive in the same turn of the loop.
- Leaving a block restores what was in force before, on every path.
"""

import asyncio
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from kitfox.scope._deadline import Deadline, earliest

_in_force: ContextVar[Deadline | None] = ContextVar("kitfox_deadline", default=None)


def current_deadline() -> Deadline | None:
    """Return the deadline in force here, or None when there is none."""
    return _in_force.get()


class DeadlineScope:
    """One block with a deadline; made by `deadline_scope` and `fail_after`."""

    __slots__ = ("_cancelling", "_deadline", "_fired", "_outer", "_task", "_timer")

    _outer: Token[Deadline | None]
    _task: asyncio.Task[object]
    _cancelling: int

    def __init__(self, deadline: Deadline | None) -> None:
        self._deadline = deadline
        self._fired = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def fired(self) -> bool:
        """Whether this block's own deadline came before its body ended."""
        return self._fired

    async def __aenter__(self) -> Self:
        """Start the timer and put the deadline in force."""
        return self.__enter__()

    def __enter__(self) -> Self:
        """Do what `async with` does, where a call's path must be short."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            msg = "a deadline needs a running task to cancel"
            raise RuntimeError(msg)
        self._task = task
        self._cancelling = task.cancelling()
        self._outer = _in_force.set(earliest(_in_force.get(), self._deadline))
        if self._deadline is not None:
            self._timer = loop.call_at(self._deadline.at, self._fire)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the timer; turn this block's own cancellation into TimeoutError."""
        self.__exit__(kind, error, trace)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do what `async with` does."""
        if self._timer is not None:
            self._timer.cancel()
        _in_force.reset(self._outer)
        if self._fired:
            others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not others:
                raise TimeoutError from error

    def _fire(self) -> None:
        self._fired = True
        self._task.cancel()


def deadline_scope(deadline: Deadline | None) -> DeadlineScope:
    """Run a block that is cancelled at `deadline`; `async with` raises TimeoutError then.

    None sets no limit of its own: what is in force around the block stays in force.
    """
    return DeadlineScope(deadline)


def fail_after(seconds: float) -> DeadlineScope:
    """Run a block that is cancelled `seconds` from now; `async with` raises TimeoutError then.

    Every call made inside carries what is left of that time to the far end.
    """
    return DeadlineScope(Deadline.after(seconds))
