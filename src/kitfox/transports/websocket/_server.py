"""WebSockets answered on an HTTP listener's port: calls, and protocols of the user's own."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from kitfox.core import InFlight, Routes
from kitfox.multiplex import KeepAlive, Services
from kitfox.net import ASGIApp, BadPath, Receive, Scope, Send, path_of
from kitfox.transports.websocket._bridge import Bridge
from kitfox.transports.websocket._limits import WebSocketLimits
from kitfox.transports.websocket._session import RESTART, Session
from kitfox.transports.websocket._socket import Socket, SocketHandler, WebSocketClosed
from kitfox.transports.websocket._wire import SUBPROTOCOLS

_log = logging.getLogger("kitfox.websocket")
_FAILED = 1011  # RFC 6455, 7.4.1

# The client for web pages; an HTTP listener with WebSockets gives it out.
SCRIPT: Final = Path(__file__).with_name("kitfox.js")

T = TypeVar("T")

# How a connection is taken from the HTTP server, to be given to a protocol.
Take = Callable[[asyncio.Protocol], object]


class WebSocket:
    """What an HTTP listener answers WebSockets with: `HTTP(":8080", websocket=WebSocket())`.

    Clients that offer the subprotocol `kitfox.msgpack` or `kitfox.json` at `path` make calls; a
    WebSocket at another path of `handlers` is its handler's, from the handshake until it returns.
    """

    def __init__(
        self,
        path: str = "/",
        *,
        handlers: Mapping[str, SocketHandler] | None = None,
        limits: WebSocketLimits | None = None,
        keep_alive: KeepAlive | None = None,
    ) -> None:
        self._path = path
        self._handlers = dict(handlers or {})
        self._limits = limits or WebSocketLimits()
        self._keep_alive = keep_alive or KeepAlive()

    def serve(self, routes: Routes) -> "ServedSockets":
        """Begin to serve `routes`; the HTTP listener asks for it."""
        return ServedSockets(routes, self._path, self._handlers, self._limits, self._keep_alive)


class ServedSockets:
    """The WebSockets of one listener while it listens, as an ASGI application."""

    def __init__(
        self,
        routes: Routes,
        path: str,
        handlers: Mapping[str, SocketHandler],
        limits: WebSocketLimits,
        keep_alive: KeepAlive,
    ) -> None:
        self._services = {name: Services(routes, s.codec) for name, s in SUBPROTOCOLS.items()}
        self._path = path
        self._handlers = handlers
        self._limits = limits
        self._keep_alive = keep_alive
        self._in_flight = InFlight()
        self._sessions: set[Session] = set()
        self._plain: set[Socket] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        self._bridges: set[Bridge] = set()

    @property
    def script(self) -> bytes:
        """The client for web pages."""
        return SCRIPT.read_bytes()

    def answers(self, scope: Scope) -> bool:
        """Whether a WebSocket is for calls, or for one of the handlers."""
        with suppress(BadPath):
            path = path_of(scope)
            return path in self._handlers or (path == self._path and _chosen(scope) is not None)
        return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one WebSocket."""
        socket = Socket(scope, receive, send)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._tasks.add(task)
        try:
            with suppress(WebSocketClosed):
                if (handler := self._handlers.get(socket.path)) is not None:
                    await self._handle(socket, handler)
                elif (name := _chosen(scope)) is not None:
                    await self._carry_calls(socket, name)
        finally:
            self._tasks.discard(task)

    def accept(self, hijack: Take, scope: Scope, app: ASGIApp) -> None:
        """Take the connection of a request for a WebSocket, and give `app` its scope."""
        bridge = Bridge(scope, app, self._limits, self._keep_alive)
        self._bridges.add(bridge)
        bridge.gone.add_done_callback(lambda _: self._bridges.discard(bridge))
        hijack(bridge.protocol)

    async def drain(self, grace: float) -> None:
        """Refuse new calls, let those running end for `grace` seconds, and close with 1012."""
        for session in self._sessions:
            session.end.leave()
        try:
            await self._in_flight.drain(grace)
            await self._close_all()
            await _over(self._running(), grace)
        finally:
            for task in self._running():
                task.cancel()
            for bridge in self._bridges:
                bridge.close(RESTART)
        await _over([bridge.gone for bridge in self._bridges], 2 * self._limits.goodbye)

    async def _close_all(self) -> None:
        for session in self._sessions:
            session.link.close()
        await asyncio.gather(
            *(socket.close(RESTART, "the server stops") for socket in self._plain),
            return_exceptions=True,  # it was closed by its client just now
        )
        await asyncio.gather(*(session.link.closed() for session in self._sessions))
        for bridge in self._bridges:
            bridge.close(RESTART, "the server stops")

    def _running(self) -> set[asyncio.Task[object]]:
        bridged = {bridge.task for bridge in self._bridges if bridge.task is not None}
        return {task for task in self._tasks | bridged if not task.done()}

    async def _carry_calls(self, socket: Socket, name: str) -> None:
        await socket.accept(name)
        services, limits = self._services[name], self._limits
        session = Session(socket, SUBPROTOCOLS[name], services, self._in_flight, limits)
        self._sessions.add(session)
        try:
            if self._in_flight.draining:
                session.end.leave()
                session.link.close()
            await session.run()
        finally:
            self._sessions.discard(session)

    async def _handle(self, socket: Socket, handler: SocketHandler) -> None:
        self._plain.add(socket)
        try:
            await handler(socket)
            await socket.close()
        except WebSocketClosed:
            pass
        except Exception:  # noqa: BLE001 - whatever it is, the client learns that it is over
            _log.exception("the handler of %s failed", socket.path)
            await socket.close(_FAILED)
        finally:
            self._plain.discard(socket)


def _chosen(scope: Scope) -> str | None:
    """Return the subprotocol of ours that a client likes best."""
    offered: list[str] = scope.get("subprotocols", [])
    return next((name for name in offered if name in SUBPROTOCOLS), None)


async def _over(pending: Iterable[asyncio.Future[T]], seconds: float) -> None:
    if waited := list(pending):
        await asyncio.wait(waited, timeout=seconds)
