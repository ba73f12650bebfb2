"""Tasks and threads that end before the block does that they were started in.

Rules, those of `asyncio.TaskGroup`, and more:

- The first that fails ends the group's scope, with its error as the cause, and cancels the others.
  When all are over the block raises an ExceptionGroup of all errors.
- A block that is left by an error, or cancelled, does the same.
- Whatever is started runs in the group's scope, wherever in the block it was started; context
  variables are those of the place where it was.
- A thread cannot be cancelled: its scope ends, and it is waited for. It has to look.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, Token, copy_context
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from kitfox.scope._ambient import current_deadline
from kitfox.scope._block import Block, enter, innermost, leave
from kitfox.scope._errors import ScopeEnded
from kitfox.scope._scope import CancelScope

T = TypeVar("T")
P = ParamSpec("P")


class _Part(Block):
    """What a group's tasks stand in, or a thread."""

    __slots__ = ("deadline",)

    def __init__(self) -> None:
        super().__init__(innermost())
        self.deadline = current_deadline()
        self.loop = asyncio.get_running_loop()

    def context(self) -> Context:
        """Return a copy of the running context, standing in here."""
        context = copy_context()
        context.run(enter, self)
        return context


class Tasks:
    """A group of tasks and threads; made by `tasks`."""

    _part: _Part
    _token: Token[Block | None]

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._running: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Begin the group, and its scope."""
        await self._group.__aenter__()
        self._part = _Part()
        self._token = enter(self._part)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for all that was started; end it, if the body failed."""
        try:
            error = error or await self._ended()
            if error is not None:
                self._fail(error)
            await self._group.__aexit__(type(error) if error else None, error, trace)
        finally:
            self._part.end()
            leave(self._token)

    def start(
        self, function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Task[T]:
        """Run `function` in a task of the group."""
        run = self._guarded(lambda: function(*args, **kwargs))
        task = self._group.create_task(run, context=self._part.context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def start_in_thread(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Task[T]:
        """Run `function` in a thread of the group, as `to_thread` does."""
        return self.start(lambda: to_thread(function, *args, **kwargs))

    async def _guarded(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            return await begin()
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):
                self._part.end(error)
            raise

    async def _ended(self) -> BaseException | None:
        """Wait for the tasks; return what cut that short: one of them, or a cancellation."""
        try:
            while self._running:
                await asyncio.wait(self._running)
        except asyncio.CancelledError as error:
            return error
        return None

    def _fail(self, error: BaseException) -> None:
        self._part.end(None if isinstance(error, asyncio.CancelledError) else error)


def tasks() -> Tasks:
    """Run a block that waits for the tasks started in it, and fails with them.

    Raises:
        BaseExceptionGroup: out of the block, with the errors of tasks and of the body.
    """
    return Tasks()


async def to_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` in a thread of the loop's pool, and wait for it.

    The thread has a scope of its own within the current one, and all context variables. When the
    running task is cancelled that scope ends, and the thread is waited for all the same.
    """
    part = _Part()
    scope = CancelScope(part.node, part.values)

    def run() -> T:
        if (ending := part.node.ending()) is not None:  # while all threads of the pool were busy
            raise ending.raised() from ending.given
        return function(*args, **kwargs)

    future = asyncio.get_running_loop().run_in_executor(None, part.context().run, run)
    cancelled = await _over(future, scope)
    scope.cancel()
    if cancelled is not None and isinstance(future.exception(), ScopeEnded | None):
        raise cancelled
    return future.result()


async def _over(future: asyncio.Future[T], scope: CancelScope) -> asyncio.CancelledError | None:
    """Wait for a future that cannot be cancelled; end `scope` if the running task is."""
    cancelled = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
            scope.cancel()
    return cancelled
