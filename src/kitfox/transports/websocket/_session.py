"""Calls served on one WebSocket."""

import asyncio
from collections import deque
from contextlib import suppress

from kitfox.core import InFlight
from kitfox.multiplex import BadFrame, Frame, ServerEnd, Services
from kitfox.transports.websocket._closing import BROKE_THE_RULES, RESTART, STOPS
from kitfox.transports.websocket._limits import WebSocketLimits
from kitfox.transports.websocket._socket import Socket, WebSocketClosed
from kitfox.transports.websocket._wire import Message, Subprotocol


class SocketLink:
    """Sends what the server's end says, from a task of its own: sending may have to wait."""

    def __init__(self, socket: Socket, subprotocol: Subprotocol, room: int) -> None:
        self.peer = socket.peer
        self.identity = socket.identity
        self._socket = socket
        self._message = subprotocol.message
        self._room = room
        self._outbox: deque[Message] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._open = True
        self._spacious: asyncio.Future[None] | None = None
        self.writing = asyncio.create_task(self._write())

    def send(self, frame: Frame) -> None:
        """Send a frame after those before it."""
        if self._open:
            message = self._message(frame)
            self._outbox.append(message)
            self._size += len(message)
            self._filled.set()

    async def writable(self) -> None:
        """Wait until there is room for more."""
        while self._open and self._size > self._room:
            if self._spacious is None:
                self._spacious = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._spacious])

    def close(self) -> None:
        """Close the WebSocket when what was sent is out."""
        self._open = False
        self._filled.set()

    async def cut(self) -> None:
        """Send nothing more: the WebSocket is lost."""
        self._open = False
        self.writing.cancel()
        self._make_room()
        await asyncio.wait([self.writing])

    async def _write(self) -> None:
        with suppress(WebSocketClosed):
            while self._open or self._outbox:
                await self._filled.wait()
                self._filled.clear()
                await self._empty()
            await self._socket.close(RESTART, STOPS)
        self._open = False
        self._make_room()

    async def _empty(self) -> None:
        while self._outbox:
            message = self._outbox.popleft()
            await self._socket.send(message)
            self._size -= len(message)
            if self._size <= self._room:
                self._make_room()

    def _make_room(self) -> None:
        if self._spacious is not None:
            self._spacious.set_result(None)
            self._spacious = None


class Session:
    """One WebSocket on which calls come."""

    def __init__(
        self,
        socket: Socket,
        subprotocol: Subprotocol,
        services: Services,
        in_flight: InFlight,
        limits: WebSocketLimits,
    ) -> None:
        self._socket = socket
        self._frame = subprotocol.from_caller
        self.link = SocketLink(socket, subprotocol, limits.unsent)
        self.end = ServerEnd(self.link, services, in_flight, limits.link)

    async def run(self) -> None:
        """Serve what comes until the WebSocket is closed."""
        try:
            async for message in self._socket:
                self.end.receive(self._frame(message))
                # Who does not take what is sent is not listened to either.
                await self.link.writable()
        except BadFrame as error:
            await self._socket.close(BROKE_THE_RULES, str(error))
        finally:
            self.end.lose()
            await self.link.cut()
