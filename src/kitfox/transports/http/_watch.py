"""Cancels the running task when its client leaves.

Our own connections tell it. Any other ASGI server has to be asked, which costs a task; most
handlers are done before the loop turns once, so the asking begins only with the next turn.
"""

import asyncio

from kitfox.core import Call, Cancelled, Unavailable, stopped
from kitfox.net import Receive
from kitfox.transports.http._direct import Direct


class Watch:
    """Watches one request's client, from the making until `stop`.

    States: watching → stopped, or → gone, which ends its call and cancels the task that made it.
    """

    __slots__ = ("_asking", "_call", "_gone", "_receive", "_soon", "_task", "_watches")

    def __init__(self, call: Call, direct: Direct | None, receive: Receive) -> None:
        self._call = call
        self._task = asyncio.current_task()
        self._gone = False
        self._watches = None if direct is None else direct.watches
        if self._watches is not None:
            self._watches.add(self)
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
        self._gone = True
        self._call.end(Cancelled("the caller has left"))
        if self._task is not None:
            self._task.cancel()

    def interruption(self) -> Unavailable | None:
        """Take back the cancellation that came, and return what to tell the client.

        None when there is no client any more; otherwise it is the server that stops.
        """
        if self._task is not None:
            self._task.uncancel()
        return None if self._gone else stopped()

    def _ask(self) -> None:
        self._asking = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.leave()
