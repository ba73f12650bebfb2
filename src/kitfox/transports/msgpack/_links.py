"""All the links of one listener, from the first connection to the end of the last call."""

import asyncio
from contextlib import suppress

from kitfox.codecs import MessagePack
from kitfox.core import InFlight, Routes
from kitfox.multiplex import (
    Cancel,
    Credit,
    End,
    Item,
    KeepAlive,
    Link,
    Request,
    ServerEnd,
    Services,
)
from kitfox.net import SharedToken
from kitfox.scope import fail_after
from kitfox.transports.msgpack._frames import Hello, PlainRequest
from kitfox.transports.msgpack._gate import Gate
from kitfox.transports.msgpack._limits import RPCLimits
from kitfox.transports.msgpack._plain import PlainEnd, PlainMethods
from kitfox.transports.msgpack._stream import Handlers, Stream

# How long, in seconds, calls may be on their way that began before their callers were told.
_ON_THEIR_WAY = 0.5


class ServingStream(Stream):
    """A server's end: a peer that does not take its replies is not read from, either."""

    def pause_writing(self) -> None:
        super().pause_writing()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.lost:
            self._transport.resume_reading()


class Links:
    """Lets connections in and serves their calls. With a `token`, callers must show it first."""

    def __init__(
        self, routes: Routes, *, limits: RPCLimits, keep_alive: KeepAlive, token: str | None
    ) -> None:
        self._services = Services(routes, MessagePack())
        self._plain = PlainMethods(self._services)
        self._in_flight = InFlight()
        self._limits = limits
        self._keep_alive = keep_alive
        self._token = None if token is None else SharedToken(token)
        self._open: dict[Stream, ServerEnd] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def protocol(self, peer: str = "") -> asyncio.Protocol:
        """Return the protocol for one more connection; `peer` if the connection cannot tell."""
        return ServingStream(
            self._begin,
            message_limit=self._limits.message,
            keep_alive=self._keep_alive,
            peer=peer,
            plain=True,
        )

    async def drain(self, grace: float) -> None:
        """Tell the callers, let what runs end within `grace` seconds, close the connections.

        Calls that were on their way when the callers were told are served.
        """
        for stream, end in self._open.items():
            if not stream.plain:
                end.leave()
        try:
            with suppress(TimeoutError):
                async with fail_after(_ON_THEIR_WAY):
                    await self._empty.wait()
            await self._in_flight.drain(grace)
        finally:
            for stream in list(self._open):
                stream.close()
        await self._empty.wait()

    def _begin(self, stream: Stream) -> None:
        if len(self._open) >= self._limits.connections or self._in_flight.draining:
            stream.abort("too many connections")
            return
        end, plain = self._open_end(stream), PlainEnd(stream, self._plain, self._open_end)
        self._open[stream] = end
        self._empty.clear()

        def lose(_: str) -> None:
            end.lose()
            plain.lose()
            del self._open[stream]
            if not self._open:
                self._empty.set()

        handlers: Handlers = {
            **dict.fromkeys((Request, Item, End, Credit, Cancel), end.receive),
            PlainRequest: plain.receive,
            Hello: _welcome,
        }
        if self._token is None:
            stream.attach(handlers, lose)
        else:
            Gate(stream, self._token, handlers).close(lose)

    def _open_end(self, link: Link) -> ServerEnd:
        return ServerEnd(link, self._services, self._in_flight, self._limits.link)


def _welcome(_: Hello) -> None:
    """Take a token that was not asked for, or not for the first time."""
