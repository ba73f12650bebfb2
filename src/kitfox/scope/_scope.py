"""Why the running code should stop, as a value: Go's context.

A scope ends when it is cancelled, when its deadline passes, or when the one that it was made of
ends. It never begins again, and its end touches nothing above it. To be in a scope is not to be
cancelled: code looks at `err`, waits for `done`, or runs in `async with scope:`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast, overload

from kitfox.scope._ambient import DeadlineScope
from kitfox.scope._block import Block, enter, innermost
from kitfox.scope._clock import Clock, LoopClock, soon
from kitfox.scope._deadline import Deadline, earliest
from kitfox.scope._done import Done
from kitfox.scope._ending import Node, root
from kitfox.scope._errors import ScopeEnded
from kitfox.scope._values import Key, Values, find

T = TypeVar("T")
D = TypeVar("D")
P = ParamSpec("P")


class Scope:
    """A scope as those see it who work in it. Who makes one with `with_cancel` may end it too.

    Everything but `start` and `async with` may be done by any thread.
    """

    __slots__ = ("_node", "_values")

    def __init__(self, node: Node, values: Values | None) -> None:
        self._node = node
        self._values = values

    @property
    def err(self) -> ScopeEnded | None:
        """What has come over the scope: ScopeCancelled, ScopeTimeout, or None."""
        ending = self._node.ending()
        return None if ending is None else ending.err

    @property
    def cause(self) -> BaseException | None:
        """Why it ended, as whoever ended it has said; else the same as `err`."""
        ending = self._node.ending()
        return None if ending is None else ending.cause

    @property
    def done(self) -> Done:
        """The end of the scope: `await scope.done`, `if scope.done:`."""
        return Done(self._node)

    @property
    def deadline(self) -> Deadline | None:
        """When the scope ends at the latest, on its clock; None when nobody has said."""
        return self._node.deadline

    @property
    def remaining(self) -> float | None:
        """The seconds until then, never less than zero."""
        deadline = self._node.deadline
        return None if deadline is None else max(0.0, deadline.at - self._node.clock.now())

    @overload
    def value(self, key: Key[T]) -> T | None: ...
    @overload
    def value(self, key: Key[T], default: D) -> T | D: ...
    def value(self, key: Key[T], default: D | None = None) -> T | D | None:
        """Return what is carried under `key`; where several are, the innermost."""
        found = find(self._values, key)
        return default if found is None else cast("T", found.value)

    def with_cancel(self) -> "CancelScope":
        """Return a scope that ends with this one, or by its `cancel`."""
        return CancelScope(self._node.child(), self._values)

    def with_deadline(
        self, deadline: Deadline, *, cause: BaseException | None = None
    ) -> "CancelScope":
        """Return a scope that ends with this one, by its `cancel`, or at `deadline`.

        `cause` is what is said of it when the deadline was what ended it.
        """
        return CancelScope(self._node.child(deadline, cause), self._values)

    def with_timeout(self, seconds: float, *, cause: BaseException | None = None) -> "CancelScope":
        """Return a scope that ends with this one, by its `cancel`, or `seconds` from now."""
        return self.with_deadline(Deadline(self._node.clock.now() + seconds), cause=cause)

    def with_value(self, key: Key[T], value: T) -> "Scope":
        """Return this scope, carrying a value more. It shadows those under the same key."""
        return Scope(self._node, Values(key, value, self._values))

    def without_cancel(self) -> "Scope":
        """Return a scope that carries the same values, and that nothing ends.

        What runs in a block can be freed of it only in a task of its own: see `start`.
        """
        return Scope(self._node.apart(), self._values)

    def after_func(self, function: Callable[[], object]) -> Callable[[], bool]:
        """Run `function` when the scope has ended; soon, if it has.

        The loop of the scope runs it, among its other callbacks and with the context variables
        of now. Returns what takes that back; it says whether it came in time.
        """
        run = partial(copy_context().run, function)
        return self._node.watch(partial(self._node.clock.call_soon, run))

    def start(
        self, function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Task[T]:
        """Run `function` in a task of its own, as `async with scope:` runs a block.

        Nothing that is in force here is in force there; context variables are those of here. No
        group waits for the task, and the loop forgets it unless somebody keeps it.
        """
        loop, context = asyncio.get_running_loop(), copy_context()
        context.run(enter, None)
        run = self._run(lambda: function(*args, **kwargs))
        return loop.create_task(run, context=context)

    async def _run(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self:
            return await begin()

    async def __aenter__(self) -> Self:
        """Run a block in this scope: it is cancelled when the scope ends.

        `async with` raises an error like the scope's `err` then, from its `cause`. Other
        cancellations pass through. What is in force around the block stays in force, for its
        deadline, too.

        Raises:
            RuntimeError: the scope is one of those `without_cancel`, and blocks that could still
                end this one are around it.
        """
        _Bound(self, self._node, self._values).__enter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the block; the scope goes on."""
        block = innermost()
        if not isinstance(block, _Bound) or block.scope is not self:
            raise RuntimeError("blocks are left where they were entered, the innermost first")
        block.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        """Return what has come of it."""
        return f"<{type(self).__name__} {self.err or 'open'}>"


class CancelScope(Scope):
    """A scope as those see it who have made it."""

    __slots__ = ()

    def cancel(self, cause: BaseException | None = None) -> None:
        """End the scope, and all that were made of it. If it has ended, nothing happens."""
        self._node.cancel(cause)


class _Bound(DeadlineScope):
    """A block that is cancelled when a scope ends."""

    __slots__ = ("_forget", "_node_of", "_values_of", "scope")

    carries = True

    def __init__(self, scope: Scope, node: Node, values: Values | None) -> None:
        super().__init__(None)
        self.scope = scope
        self._node_of = node
        self._values_of = values

    @property
    def values(self) -> Values | None:
        return self._values_of

    def __enter__(self) -> Self:
        _check_free(self._node_of, innermost())
        super().__enter__()
        self.deadline = earliest(self.deadline, self._node_of.deadline)
        # In a turn of its own, for who ends the scope may be the body itself, or another thread.
        self._forget = self._node_of.watch(partial(soon, self._task.get_loop(), self._fire))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forget()
        try:
            super().__exit__(kind, error, trace)
        except TimeoutError:  # what a block makes of a cancellation of its own
            ending = self._node_of.ending()
            assert ending is not None  # noqa: S101 - it has told so
            raise ending.raised() from ending.given or error

    def _fire(self) -> None:
        if not self.over:
            self._fired = True
            self._task.cancel()

    def _placed(self, above: Node) -> Node:
        return self._node_of.child(self.deadline)


def _check_free(node: Node, around: Block | None) -> None:
    while node.tree.apart and around is not None:
        if around.node.tree is not node.tree:
            raise RuntimeError(
                "a scope without_cancel frees no block of what is in force around it: "
                "run a task of its own, by `scope.start(function)`"
            )
        around = around.around


def background(clock: Clock | None = None) -> Scope:
    """Return a scope that nothing ends, of which others are made; on the running loop's clock."""
    return Scope(root(clock or LoopClock(asyncio.get_running_loop())), None)


def current_scope() -> Scope:
    """Return the scope that the running code is in; at least `background()`.

    It is that of the innermost block around: `fail_after` and the like, `async with scope:`, a
    call that is served, a group of tasks. In a thread that has one from where it was started, too.
    """
    block = innermost()
    return background() if block is None else Scope(block.node, block.values)
