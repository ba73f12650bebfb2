"""Waiting for the end of a scope: as a coroutine, or as a thread."""

import asyncio
from collections.abc import Generator
from functools import partial
from threading import Event

from kitfox.scope._clock import soon
from kitfox.scope._ending import Node


class Done:
    """The end of a scope: true when it has come, awaited until then."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    def __bool__(self) -> bool:
        """Whether the scope has ended."""
        return self._node.ending() is not None

    def __await__(self) -> Generator[object, None, None]:
        """Wait until it has. Any number of tasks may, of any loop."""
        return self._come().__await__()

    def wait(self, timeout: float | None = None) -> bool:
        """Block the running thread until the scope has ended, and return True.

        False: `timeout` seconds passed before that.

        Raises:
            RuntimeError: the thread runs an event loop, which would stand still.
        """
        if _in_a_loop():
            raise RuntimeError("this would block the event loop; write `await scope.done`")
        over = Event()
        forget = self._node.watch(over.set)
        try:
            return over.wait(timeout) or bool(self)
        finally:
            forget()

    async def _come(self) -> None:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        forget = self._node.watch(partial(soon, loop, partial(_finish, over)))
        try:
            await over
        finally:
            forget()


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
