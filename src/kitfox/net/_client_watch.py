"""Cancels the running task when its client leaves.

Our own connections tell it. Any other ASGI server has to be asked, which costs a task; most
handlers are done before the loop turns once, so the asking begins only with the next turn.
"""

import asyncio

from kitfox.core import Cancelled
from kitfox.net._asgi import Receive
from kitfox.scope import Block


class ClientWatch:
    """Watches one request's client, from the making until `stop`; no other may call `receive`.

    States: watching → stopped, or → gone, which ends `block` and cancels the task that made it.
    A connection that tells who leaves keeps those who want to know in `watches`.
    """

    __slots__ = ("_asking", "_block", "_receive", "_soon", "_task", "_watches", "gone")

    def __init__(
        self, block: Block, receive: Receive, watches: "set[ClientWatch] | None" = None
    ) -> None:
        self._block = block
        self._task = asyncio.current_task()
        self.gone = False
        self._watches = watches
        if watches is not None:
            watches.add(self)
        else:
            self._receive = receive
            self._asking: asyncio.Task[None] | None = None
            self._soon = asyncio.get_running_loop().call_soon(self._ask)

    def stop(self) -> None:
        """Stop watching."""
        if self._watches is not None:
            self._watches.discard(self)
            return
        self._soon.cancel()
        if self._asking is not None:
            self._asking.cancel()

    def leave(self) -> None:
        """Learn that the client has left."""
        self.gone = True
        self._block.end(Cancelled("the caller has left"))
        if self._task is not None:
            self._task.cancel()

    def take_back(self) -> None:
        """Take back the cancellation that came."""
        if self._task is not None:
            self._task.uncancel()

    def _ask(self) -> None:
        self._asking = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        event = await self._receive()
        while event.get("more_body", False):
            event = await self._receive()
        if event["type"] != "http.disconnect":  # the request was not read; nothing may follow it
            event = await self._receive()
        if event["type"] == "http.disconnect":
            self.leave()
