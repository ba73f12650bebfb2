"""A WebSocket as its handler sees it, whichever server carries it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Self

from kitfox.net import IDENTITY, ASGIScope, Receive, Send, path_of
from kitfox.transports.websocket._closing import LOST, NO_CODE, NORMAL, fitting
from kitfox.transports.websocket._wire import Message


class WebSocketClosed(Exception):
    """The WebSocket is closed, with this code and reason (RFC 6455, 7.4.1)."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"the WebSocket is closed: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class Socket:
    """One client's WebSocket: an async iterator over its messages.

    States: connecting → open, by `accept` or the first use → closed.
    """

    def __init__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        self.path = path_of(scope)
        self.query: bytes = scope["query_string"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.subprotocols: Sequence[str] = scope.get("subprotocols", ())
        self.peer = _peer(scope)
        self.identity: str = scope.get("extensions", {}).get(IDENTITY, "")
        self._receive = receive
        self._send = send
        self._accepted = False
        self._closed: WebSocketClosed | None = None

    async def accept(self, subprotocol: str | None = None) -> None:
        """Open it, with one of the subprotocols that the client offers, or with none.

        Raises:
            WebSocketClosed: the client has left.
        """
        if not self._accepted:
            self._accepted = True
            await self._receive()  # that it wants to connect
            await self._out({"type": "websocket.accept", "subprotocol": subprotocol})

    async def receive(self) -> Message:
        """Return the next message, a text or bytes.

        Raises:
            WebSocketClosed: there is none any more.
        """
        if self._closed is not None:
            raise self._closed
        await self.accept()
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            self._closed = WebSocketClosed(event.get("code") or NO_CODE, event.get("reason") or "")
            raise self._closed
        text: str | None = event.get("text")
        data: bytes = event.get("bytes") or b""
        return data if text is None else text

    async def send(self, message: Message) -> None:
        """Send a message, when the client has taken enough of those before.

        Raises:
            WebSocketClosed: it is closed.
        """
        if self._closed is not None:
            raise self._closed
        await self.accept()
        kind = "text" if isinstance(message, str) else "bytes"
        await self._out({"type": "websocket.send", kind: message})

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close it; nothing happens when it is closed already."""
        if self._closed is None:
            await self.accept()
            await self._out({"type": "websocket.close", "code": code, "reason": fitting(reason)})
            self._closed = WebSocketClosed(code, reason)

    def __aiter__(self) -> Self:
        """Iterate over the messages until it is closed."""
        return self

    async def __anext__(self) -> Message:
        """Return the next message."""
        try:
            return await self.receive()
        except WebSocketClosed:
            raise StopAsyncIteration from None

    async def _out(self, event: dict[str, object]) -> None:
        try:
            await self._send(event)
        except OSError:  # how ASGI says that nobody is there
            self._closed = WebSocketClosed(LOST)
            raise self._closed from None


SocketHandler = Callable[[Socket], Awaitable[None]]


def _peer(scope: ASGIScope) -> str:
    client = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else ""
