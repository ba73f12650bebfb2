"""Deadlines as blocks of code: the body is cancelled at the deadline, and all it calls know it.

Rules:

- The deadline in force is the earliest of all the blocks around the running code.
- A block turns into TimeoutError only the cancellation that it sent itself; a cancellation that
  came from outside passes through, even when both arrive in the same turn of the loop.
- Leaving a block restores what was in force before, on every path.
"""

import asyncio
from contextvars import Token
from types import TracebackType
from typing import Self

from kitfox.scope._block import Block, enter, innermost, leave
from kitfox.scope._deadline import Deadline
from kitfox.scope._ending import Node


def current_deadline() -> Deadline | None:
    """Return the deadline in force here, or None when there is none."""
    block = innermost()
    return None if block is None else block.deadline


class DeadlineScope(Block):
    """One block with a deadline; made by `deadline_scope` and `fail_after`."""

    __slots__ = ("_cancelling", "_fired", "_own", "_task", "_timer", "_token", "deadline")

    _cancelling: int
    _task: asyncio.Task[object]
    _token: Token[Block | None]

    # Calls pass here, so what is short stands in line instead of being called.
    def __init__(self, deadline: Deadline | None) -> None:
        self._own = deadline
        self._fired = False
        self._timer: asyncio.TimerHandle | None = None
        self.made: Node | None = None
        self.over = False

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
        self.loop = loop
        self._task = task
        self._cancelling = task.cancelling()
        self.around = around = innermost()
        self.deadline = own = self._own
        if (
            around is not None
            and (outer := around.deadline) is not None
            and (own is None or outer.at < own.at)
        ):
            self.deadline = outer
        if own is not None:  # first: the timer's context should not keep this block
            self._timer = loop.call_at(own.at, self._fire)
        self._token = enter(self)
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
            self._timer = None
        leave(self._token)
        self.over = True
        if self.made is not None:
            self.made.cancel()
        if (around := self.around) is not None and around.over and not around.carries:
            self.around = around.around
        task = self._task
        del self._task, self._token  # as the timer, they know the block around
        if self._fired:
            others = task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not others:
                raise TimeoutError from error

    def _fire(self) -> None:
        self._fired = True
        if self.made is not None:
            self.made.expire()
        self._task.cancel()

    def _placed(self, above: Node) -> Node:
        node = above.child(self.deadline)
        if self._fired:
            node.expire()
        return node


class MoveOnScope:
    """A block that just ends at its deadline; made by `move_on_after`."""

    __slots__ = ("_block",)

    def __init__(self, deadline: Deadline) -> None:
        self._block = DeadlineScope(deadline)

    @property
    def fired(self) -> bool:
        """Whether the deadline came before the body ended."""
        return self._block.fired

    async def __aenter__(self) -> Self:
        """Start the timer and put the deadline in force."""
        self._block.__enter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Stop the timer; end this block's own cancellation here."""
        try:
            self._block.__exit__(kind, error, trace)
        except TimeoutError:
            return True
        return False


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


def move_on_after(seconds: float) -> MoveOnScope:
    """Run a block that is cancelled `seconds` from now, and go on behind it; `fired` tells.

    A TimeoutError of the body's own passes through.
    """
    return MoveOnScope(Deadline.after(seconds))
