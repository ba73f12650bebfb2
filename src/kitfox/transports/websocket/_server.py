"""WebSockets answered on an HTTP listener's port: calls, and protocols of the user's own."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar, cast

from kitfox.core import InFlight, Kind, Routes
from kitfox.multiplex import KeepAlive, Services
from kitfox.net import ASGIApp, ASGIScope, BadPath, Receive, Send, path_of
from kitfox.transports.websocket._bridge import Bridge
from kitfox.transports.websocket._closing import FAILED, RESTART, STOPS
from kitfox.transports.websocket._limits import WebSocketLimits
from kitfox.transports.websocket._session import Session
from kitfox.transports.websocket._socket import Socket, SocketHandler, WebSocketClosed
from kitfox.transports.websocket._wire import SUBPROTOCOLS

# How long, in seconds, calls may be on their way that began before their callers were told.
_ON_THEIR_WAY = 0.5

_log = logging.getLogger("kitfox.websocket")

# The client for web pages; an HTTP listener with WebSockets gives it out.
SCRIPT: Final = Path(__file__).with_name("kitfox.js")

T = TypeVar("T")
_Task = asyncio.Task[object]

# How a connection is taken from the HTTP server, to be given to a protocol.
Take = Callable[[asyncio.Protocol], object]


class WebSocket:
    """What an HTTP listener answers WebSockets with: `HTTP(":8080", websocket=WebSocket())`.

    Clients that offer the subprotocol `kitfox.msgpack` or `kitfox.json` at `path` make calls; a
    WebSocket at another path of `handlers` is its handler's, from the handshake until it returns.
    """

    kinds = frozenset(Kind)

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
        self._calling: dict[Session, _Task] = {}
        self._handling: dict[Socket, _Task] = {}
        self._bridges: set[Bridge] = set()

    @property
    def largest(self) -> int:
        """The most bytes of a message."""
        return self._limits.frame

    @property
    def script(self) -> bytes:
        """The client for web pages."""
        return SCRIPT.read_bytes()

    def answers(self, scope: ASGIScope) -> bool:
        """Whether a WebSocket is for calls, or for one of the handlers."""
        with suppress(BadPath):
            path = path_of(scope)
            return path in self._handlers or (path == self._path and _chosen(scope) is not None)
        return False

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one WebSocket."""
        socket = Socket(scope, receive, send)
        with suppress(WebSocketClosed):
            if self._in_flight.draining:
                await socket.close(RESTART, STOPS)
            elif (handler := self._handlers.get(socket.path)) is not None:
                await self._handle(socket, handler)
            elif (name := _chosen(scope)) is not None:
                await self._carry_calls(socket, name)

    def accept(self, hijack: Take, scope: ASGIScope, app: ASGIApp) -> None:
        """Take the connection of a request for a WebSocket, and give `app` its scope."""
        bridge = Bridge(scope, app, self._limits, self._keep_alive)
        self._bridges.add(bridge)
        bridge.gone.add_done_callback(lambda _: self._bridges.discard(bridge))
        hijack(bridge.protocol)

    async def drain(self, grace: float) -> None:
        """Close everything with 1012: calls and handlers may go on for `grace` seconds to end."""
        try:
            await asyncio.gather(self._drain_calls(grace), self._drain_handlers(grace))
        finally:
            for task in self._running():
                task.cancel()
            for bridge in self._bridges:
                bridge.close(RESTART)
        await _over([bridge.gone for bridge in self._bridges], 2 * self._limits.goodbye)

    async def _drain_calls(self, grace: float) -> None:
        """Refuse new calls; when the running ones are over and all is said, close."""
        for session in self._calling:
            session.end.leave()
        await _over(self._calling.values(), _ON_THEIR_WAY)
        await self._in_flight.drain(grace)
        for session in self._calling:
            session.link.close()
        await _over([session.link.writing for session in self._calling], self._limits.goodbye)

    async def _drain_handlers(self, grace: float) -> None:
        """Close the WebSockets of handlers and of other applications; then let those end."""
        calling = set(self._calling.values())
        for bridge in self._bridges:
            if bridge.task not in calling:
                bridge.close(RESTART, STOPS)
        closing: list[_Task] = [asyncio.create_task(_close(s)) for s in self._handling]
        await _over([*closing, *(self._running() - calling)], grace)

    def _running(self) -> set[_Task]:
        bridged = {bridge.task for bridge in self._bridges if bridge.task is not None}
        known = bridged.union(self._calling.values(), self._handling.values())
        return {task for task in known if not task.done()}

    async def _carry_calls(self, socket: Socket, name: str) -> None:
        await socket.accept(name)
        services, limits = self._services[name], self._limits
        session = Session(socket, SUBPROTOCOLS[name], services, self._in_flight, limits)
        self._calling[session] = _this_task()
        try:
            await session.run()
        finally:
            del self._calling[session]

    async def _handle(self, socket: Socket, handler: SocketHandler) -> None:
        self._handling[socket] = _this_task()
        try:
            await handler(socket)
            await socket.close()
        except WebSocketClosed:
            pass
        except Exception:  # noqa: BLE001 - whatever it is, the client learns that it is over
            _log.exception("the handler of %s failed", socket.path)
            await socket.close(FAILED)
        finally:
            del self._handling[socket]


def _this_task() -> _Task:
    return cast("_Task", asyncio.current_task())  # a coroutine is run by one


async def _close(socket: Socket) -> None:
    with suppress(WebSocketClosed):
        await socket.close(RESTART, STOPS)


def _chosen(scope: ASGIScope) -> str | None:
    """Return the subprotocol of ours that a client likes best."""
    offered: list[str] = scope.get("subprotocols", [])
    return next((name for name in offered if name in SUBPROTOCOLS), None)


async def _over(pending: Iterable[asyncio.Future[T]], seconds: float) -> None:
    if waited := list(pending):
        await asyncio.wait(waited, timeout=seconds)
