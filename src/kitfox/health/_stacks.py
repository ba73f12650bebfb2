"""Where threads and tasks are: read from outside, while they run or stand still."""

import asyncio
import gc
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextvars import Context
from itertools import islice
from types import FrameType
from typing import Any, Final

from kitfox.scope import Block

Task = asyncio.Task[Any]

_MOST_FRAMES: Final = 100
_DEBUGGERS: Final = frozenset({"bdb", "pdb"})


def frame_of(thread: int | None) -> FrameType | None:
    """Return where a thread is, by its `ident`; None when it has ended."""
    return _frames().get(thread or 0)


def in_debugger(frame: FrameType | None) -> bool:
    """Whether a thread stands still because a person looks at it with pdb."""
    while frame is not None:
        if frame.f_globals.get("__name__") in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False


def stack(frame: FrameType) -> str:
    """Write where a frame is, and what has called it, the outermost first."""
    return "".join(traceback.format_stack(frame, _MOST_FRAMES))


def thread_stacks() -> str:
    """Write where all threads of the process are."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"thread {names.get(ident, 'not of Python')} ({ident})\n{stack(frame)}"
        for ident, frame in _frames().items()
    )


def name_of(task: Task) -> str:
    """Write a task's name and what it runs: `Task-7 shop.Desk.look`."""
    run = task.get_coro()
    return f"{task.get_name()} {getattr(run, '__qualname__', repr(run))}"


def frames_of(task: Task) -> Iterator[FrameType]:
    """Yield where a task is, from what it runs to what that awaits in the end.

    `Task.get_stack` has only the first of them where the task waits.
    """
    return islice(_awaited(task.get_coro()), _MOST_FRAMES)


def place(frame: FrameType) -> str:
    """Write where a frame is, on one line."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


def block_of(task: Task) -> Block | None:
    """Return the innermost block with a scope that a task's code is in; None when there is none."""
    for context in _contexts(task):
        return _block_in(context)
    return None


def _frames() -> dict[int, FrameType]:
    """Return where each thread is; the name begins like a private one, and is documented."""
    return sys._current_frames()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _awaited(run: object) -> Iterator[FrameType]:
    """Yield the frames of a coroutine, and of the generators and coroutines that it awaits."""
    while run is not None:
        frame = _first(run, ("cr_frame", "gi_frame", "ag_frame"))
        if isinstance(frame, FrameType):
            yield frame
        run = _first(run, ("cr_await", "gi_yieldfrom", "ag_await"))


def _first(run: object, names: Iterable[str]) -> object:
    return next((found for name in names if (found := getattr(run, name, None))), None)


def _block_in(context: Context) -> Block | None:
    """Look without entering it: a context can be entered once, and the task must be able to."""
    return next((value for value in context.values() if isinstance(value, Block)), None)


if sys.version_info >= (3, 12):

    def _contexts(task: Task) -> Iterable[Context]:
        return [task.get_context()]

else:

    def _contexts(task: Task) -> Iterable[Context]:
        """Ask the collector of garbage: before 3.12 a task tells nobody what it runs in."""
        return (found for found in gc.get_referents(task) if isinstance(found, Context))
