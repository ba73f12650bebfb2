"""A WebSocket on a connection taken from HTTP, as ASGI's scope of type `websocket`.

States: connecting (the application has not decided) → accepted or refused → closed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from contextvars import Context
from http import HTTPStatus
from typing import cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from kitfox.multiplex import KeepAlive
from kitfox.net import IDENTITY, ASGIApp, ASGIScope, Event, peer_identity
from kitfox.transports.websocket._closing import FAILED, LOST, NORMAL
from kitfox.transports.websocket._limits import WebSocketLimits
from kitfox.transports.websocket._peer import Peer
from kitfox.transports.websocket._wire import Message

_log = logging.getLogger("kitfox.websocket")
_EVENT = 512  # bytes that a message counts for at least, or a million empty ones would be none
# What is ours to say about a refusal, whatever the application says.
_FRAMING = {b"connection", b"content-length", b"date", b"transfer-encoding"}
_HANDSHAKE = {
    b"connection",
    b"upgrade",
    b"sec-websocket-extensions",
    b"sec-websocket-key",
    b"sec-websocket-protocol",
    b"sec-websocket-version",
}
_NOT_HTTP = ("method", "type", "extensions", "subprotocols")


class Bridge:
    """Runs an application on one WebSocket."""

    def __init__(
        self, scope: ASGIScope, app: ASGIApp, limits: WebSocketLimits, keep_alive: KeepAlive
    ) -> None:
        self._request = _as_sent(scope)
        self._scope = _as_websocket(scope)
        self._app = app
        self._limits = limits
        decisions = _Decisions(max_size=limits.frame, logger=_log.getChild("wire"))
        self._decisions = decisions
        self.protocol = Peer(decisions, self, limits, keep_alive)
        self._response: Response | None = None
        self._refusal: tuple[int, Iterable[tuple[bytes, bytes]], bytes] | None = None
        self._events: deque[Event] = deque()
        self._waiting = 0  # bytes
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    def made(self) -> None:
        """Begin, with the request that HTTP has read."""
        self._scope["extensions"][IDENTITY] = peer_identity(self.protocol.transport)
        self.protocol.data_received(self._request)

    def close(self, code: int, reason: str = "") -> None:
        """Close it, whatever the application does."""
        if self._closed:
            return
        if self._response is not None:
            failed = code == FAILED
            why = HTTPStatus.INTERNAL_SERVER_ERROR if failed else HTTPStatus.SERVICE_UNAVAILABLE
            self._reject(why, (), b"")
        self.protocol.close(code, reason)
        self.closed(code, reason)

    def shaken(self, event: Request | Response) -> None:
        """Take the handshake; the application decides about a right one."""
        response = self._decisions.accept(cast("Request", event))
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._decisions.send_response(response)
            return
        self._response = response
        self.protocol.wait()
        self._put({"type": "websocket.connect"})
        self.task = asyncio.create_task(self._run(), context=Context())

    def received(self, message: Message) -> None:
        """Take a message."""
        kind = "text" if isinstance(message, str) else "bytes"
        self._put({"type": "websocket.receive", kind: message})
        self._waiting += len(message) + _EVENT
        if self._waiting > self._limits.waiting:
            self.protocol.hold(on=True)

    def closed(self, code: int, reason: str) -> None:
        """Learn that no message comes any more."""
        if not self._closed:
            self._closed = True
            self._put({"type": "websocket.disconnect", "code": code, "reason": reason})

    def lost(self) -> None:
        """Learn that the connection is gone."""
        if not self.gone.done():
            self.gone.set_result(None)

    async def receive(self) -> Event:
        """Return the next event, as ASGI has it."""
        while not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        event = self._events.popleft()
        match event["type"]:
            case "websocket.disconnect":
                self._events.append(event)  # for whoever asks again
            case "websocket.receive":
                self._took(len(event.get("text") or event.get("bytes") or b"") + _EVENT)
            case _:  # that the client wants to connect
                pass
        return event

    async def send(self, event: Event) -> None:
        """Do what the application says; OSError when the client has left."""
        kind: str = event["type"]
        if self._closed:
            if kind != "websocket.close":
                raise OSError("the WebSocket is closed")
        elif self._response is not None:
            self._decide(kind, event)
        elif kind == "websocket.send":
            await self._send(event)
        elif kind == "websocket.close":
            self.close(event.get("code") or NORMAL, event.get("reason") or "")
        else:
            raise RuntimeError(f"{kind} cannot follow: the WebSocket is open")

    def _decide(self, kind: str, event: Event) -> None:
        """Answer the handshake."""
        match kind:
            case "websocket.accept":
                self._accept(event.get("subprotocol"), event.get("headers", ()))
            case "websocket.close":
                self._reject(HTTPStatus.FORBIDDEN, (), b"")
            case "websocket.http.response.start":
                self._refusal = (event["status"], event.get("headers", ()), b"")
            case "websocket.http.response.body" if self._refusal is not None:
                status, headers, body = self._refusal
                self._refusal = (status, headers, body + event.get("body", b""))
                if not event.get("more_body", False):
                    self._reject(*self._refusal)
            case _:
                raise RuntimeError(f"{kind} cannot come before websocket.accept")

    def _accept(self, subprotocol: str | None, headers: Iterable[tuple[bytes, bytes]]) -> None:
        response, self._response = cast("Response", self._response), None
        if subprotocol is not None:
            response.headers["Sec-WebSocket-Protocol"] = subprotocol
        for name, value in headers:
            response.headers[name.decode("latin-1")] = value.decode("latin-1")
        self._answer(response)
        self.protocol.go_on()

    def _reject(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        self._response = None
        response = self._decisions.reject(status, "")
        response.body = body
        del response.headers["Content-Type"], response.headers["Content-Length"]
        for name, value in headers:
            if name.lower() not in _FRAMING:
                response.headers[name.decode("latin-1")] = value.decode("latin-1")
        response.headers["Content-Length"] = str(len(body))
        self._answer(response)
        self.closed(LOST, "")

    def _answer(self, response: Response) -> None:
        self._decisions.send_response(response)
        self.protocol.flush()

    async def _send(self, event: Event) -> None:
        await self.protocol.writable()
        if not self.protocol.open:
            raise OSError("the WebSocket is closed")
        text: str | None = event.get("text")
        self.protocol.send(event["bytes"] if text is None else text)

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client learns of it
            if not (self._closed and isinstance(error, OSError)):  # as `send` says of who has left
                _log.exception("the application failed")
            self.close(FAILED)
        finally:
            self.close(NORMAL)

    def _put(self, event: Event) -> None:
        self._events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _took(self, size: int) -> None:
        before, self._waiting = self._waiting, self._waiting - size
        if before > self._limits.waiting >= self._waiting:
            self.protocol.hold(on=False)


class _Decisions(ServerProtocol):
    """What `websockets` decides; but a client may close amid a message, as RFC 6455, 5.4 has it."""

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


def _as_sent(scope: ASGIScope) -> bytes:
    """Return of a request what `websockets` decides from, as it came; the rest is no matter."""
    lines = [b"%b / HTTP/1.1" % scope["method"].encode()]
    lines += [b"%b: %b" % header for header in scope["headers"] if header[0] in _HANDSHAKE]
    return b"\r\n".join((*lines, b"", b""))


def _as_websocket(scope: ASGIScope) -> ASGIScope:
    """Return the scope of a WebSocket, made of its request's."""
    offered = b",".join(v for name, v in scope["headers"] if name == b"sec-websocket-protocol")
    names = [name.strip() for name in offered.decode("latin-1").split(",")]
    return {
        **{key: value for key, value in scope.items() if key not in _NOT_HTTP},
        "type": "websocket",
        "scheme": "wss" if scope["scheme"] == "https" else "ws",
        "subprotocols": [name for name in names if name],
        "extensions": {"websocket.http.response": {}},
    }
