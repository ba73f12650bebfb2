"""Streamed replies as they leave a server.

States: quiet (nothing sent: an error can still be an HTTP status) → open (status 200 is out: an
error is an event) → over.
"""

import asyncio
from contextlib import suppress

import msgspec

from kitfox.codecs import Encoder
from kitfox.core import Metadata, RPCError
from kitfox.transports.http._exchange import Exchange
from kitfox.transports.http._sse import KEEP_ALIVE, End, write_event
from kitfox.transports.http._status import problem_of


class EventStream:
    """The events of one call.

    A comment shows that it lives, each `beat` seconds, unless an event has since the last time.
    """

    def __init__(self, exchange: Exchange, encode: Encoder, *, beat: float = 15.0) -> None:
        self._exchange = exchange
        self._encode = encode
        self._interval = beat
        self._open = False
        self._silent = True  # since the last beat
        self._turn = asyncio.Lock()  # an ASGI server is told one thing after the other
        self._pulse: asyncio.Task[None] | None = None
        self._timer = self._arm()
        self.metadata = Metadata()

    async def put(self, message: object) -> None:
        """Send a reply; returns when there is room for the next."""
        self._silent = False
        await self._send(write_event(self._encode(message)))

    async def end(self) -> None:
        """Say that there are no further replies."""
        data = msgspec.json.encode(End(dict(self.metadata)))
        await self._send(write_event(data, b"end"), last=True)

    async def fail(self, error: RPCError) -> None:
        """Say what went wrong."""
        if not self._open:
            await self._exchange.fail(error, self.metadata)
            return
        _, problem = problem_of(error)
        await self._send(write_event(problem, b"error"), last=True)

    def quiet(self) -> None:
        """Show no further sign of life."""
        self._timer.cancel()
        if self._pulse is not None:
            self._pulse.cancel()

    async def _send(self, data: bytes, *, last: bool = False) -> None:
        async with self._turn:
            if not self._open:
                await self._exchange.start_events(self.metadata)
                self._open = True
            await self._exchange.event(data, last=last)

    def _arm(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._interval, self._beat)

    def _beat(self) -> None:
        if self._silent and not self._turn.locked():
            self._pulse = asyncio.create_task(self._show_life())
        self._silent = True
        self._timer = self._arm()

    async def _show_life(self) -> None:
        with suppress(OSError):  # the client has left, which whoever runs the call will hear
            await self._send(KEEP_ALIVE)
