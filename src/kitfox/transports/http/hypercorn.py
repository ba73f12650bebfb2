"""Methods served over HTTP/2: the ASGI application on an embedded hypercorn.

Needs the extra: `pip install 'kitfox[http2]'`.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Unpack, cast

import uvicorn
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Event, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.typing import AppWrapper, ConnectionState

from kitfox.core import Kind, Routes
from kitfox.net import TLS, Acceptor, ASGIApp, Bind, address_of, bind, peer_identity
from kitfox.transports.http._app import HTTPApp, HTTPOptions
from kitfox.transports.http._http2 import ManyStreams, OneStream
from kitfox.transports.http._http2_apps import Applications
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._listener import beside, guard

_log = logging.getLogger("kitfox.http2")

_CANCELLED_WITHIN = 5.0  # seconds for what was cancelled to end before nobody waits for it
_GOODBYE = 2.0  # seconds for a client to answer TLS's last word
# A peer of which nothing is heard is asked by the kernel, and given up after less than half a
# minute: seconds of silence, seconds between the questions, how many of them.
_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 4}


class HTTP2:
    """A listener for HTTP/2, and for HTTP/1.1 where a client knows no better; always over TLS.

    It takes what HTTP takes, except `upgrades`: HTTP/2 has none. WebSockets are carried within
    HTTP/2 (RFC 8441) as well.

    Raises:
        ValueError: the address is malformed, or open to others without a word about it.
    """

    kinds = frozenset({Kind.UNARY, Kind.SERVER_STREAM})

    def __init__(
        self,
        address: str = ":0",
        *,
        tls: TLS,
        public: bool = False,
        grace: float = 30.0,
        bind: Bind = bind,
        **options: Unpack[HTTPOptions],
    ) -> None:
        if options.get("upgrades"):
            raise ValueError("HTTP/2 has no upgrades: serve them with HTTP, on a port of its own")
        guard(address, tls, options, public=public)
        self.kinds = self.kinds | beside(options)
        self._address = address
        self._bind = bind
        self._tls = tls
        self._grace = grace
        self._options = options
        self._limits = options.get("limits") or HTTPLimits()
        self._apps: set[HTTPApp] = set()

    def leave(self) -> None:
        """Ask clients of HTTP/1.1 to come back on other connections, while calls are served."""
        for app in self._apps:
            app.leave()

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes`; yields the URL.

        Raises:
            OSError: the address cannot be had; the text says which and why.
            TLSError: a certificate or key is of no use; the text says which and why.
            RuntimeError: the fallback application failed to start.
            DefinitionError: a binding does not fit.
        """
        app = HTTPApp(routes, **self._options)
        server = _Server(app, self._limits)
        with self._bind(self._address) as listening:
            async with _lifespan(app, on=bool(self._options.get("fallback"))):
                # In a context of its own: a deadline in force here must not bind the calls to come.
                starting = server.start(listening, self._tls)
                await asyncio.create_task(starting, context=Context())
                self._apps.add(app)
                try:
                    yield f"https://{address_of(listening)}"
                finally:
                    self._apps.discard(app)
                    app.drain()
                    await self._stop(app, server)

    async def _stop(self, app: HTTPApp, server: "_Server") -> None:
        try:
            await server.leave()
            await asyncio.gather(app.drain_passengers(self._grace), server.drain(self._grace))
        finally:
            await server.cut()


class _Server:
    """The connections of one listener. States: serving → leaving → cut."""

    _acceptor: Acceptor

    def __init__(self, app: HTTPApp, limits: HTTPLimits) -> None:
        self._app = app
        self._limits = limits
        self._config = _config(app, limits)
        self._context = WorkerContext(None)
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def start(self, listening: socket.socket, tls: TLS) -> None:
        """Take connections."""
        _keep_alive(listening)
        self._acceptor = Acceptor(
            listening,
            self._protocol,
            tls=tls.server_context("h2", "http/1.1"),
            handshake=self._limits.request_time,
            goodbye=_GOODBYE,
        )
        self._acceptor.start()

    async def leave(self) -> None:
        """Take no more of them, and tell the peers."""
        await self._acceptor.aclose()
        await self._context.terminated.set()
        for connection in self._connections.values():
            connection.leave()

    async def drain(self, grace: float) -> None:
        """Let what runs end for `grace` seconds; then cancel it, which is answered too."""
        await _over(self._connections, grace)
        for task in self._running:
            task.cancel()
        await _over(self._connections, _CANCELLED_WITHIN)

    async def cut(self) -> None:
        """Cut the connections that are left."""
        for task, connection in self._connections.items():
            _abort(connection.writer)
            task.cancel()
        await _over(self._connections, _CANCELLED_WITHIN)

    def _protocol(self) -> asyncio.Protocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(), self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve it in a task of ours: asyncio 3.11 calls it a fault when one of its own is cut."""
        if len(self._connections) >= self._limits.connections:
            _abort(writer)
            return
        identity, time = peer_identity(writer.transport), self._limits.request_time
        applications = Applications(self._app, identity, time, self._running)
        connection = _Connection(applications, self._config, self._context, reader, writer)
        task = asyncio.create_task(_serve(connection))
        self._connections[task] = connection
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        _abort(self._connections.pop(task).writer)


async def _serve(connection: "_Connection") -> None:
    try:
        await connection.run()
    except Exception:  # noqa: BLE001 - it is this connection's alone
        _log.exception("a connection failed")


def _abort(writer: asyncio.StreamWriter) -> None:
    """Cut a connection. One over TLS that was closed twice is going, and CPython cannot cut it."""
    with suppress(AttributeError):
        writer.transport.abort()


class _Connection(TCPServer):
    """One client. hypercorn reads and writes; which protocols it speaks is decided here."""

    def __init__(
        self,
        applications: Applications,
        config: Config,
        context: WorkerContext,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        app = cast("AppWrapper", None)  # which one it is, Applications knows
        loop = asyncio.get_running_loop()
        super().__init__(app, loop, config, context, {}, reader, writer)
        self._applications = applications
        self._task_group = cast("TaskGroup", applications)
        self._over = False
        self._speaks = self._protocol()
        self.protocol = cast("ProtocolWrapper", self._speaks)

    def leave(self) -> None:
        """Tell the client that the server stops."""
        if not self.writer.is_closing():
            self.writer.write(self._speaks.farewell())

    async def run(self) -> None:
        """Serve the client until it has left, and nothing runs any more."""
        try:
            async with self._applications:
                await self._speaks.initiate()
                await self.protocol_send(Updated(idle=True))
                await self._read_data()
                self._over = True
                await self.idle_task.stop()
        finally:
            await self._close()

    async def protocol_send(self, event: Event) -> None:
        """Do what the protocol says; once the client has left, there is no idleness to wait for."""
        if not (self._over and isinstance(event, Updated)):
            await super().protocol_send(event)

    def _protocol(self) -> OneStream | ManyStreams:
        transport = self.writer.transport
        (host, port, *_), (own, own_port, *_) = map(
            transport.get_extra_info, ("peername", "sockname")
        )
        h2 = transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        return (ManyStreams if h2 else OneStream)(
            self.app,
            self.config,
            self.context,
            self._applications,
            ConnectionState({}),
            ssl=True,
            client=(host, port),
            server=(own, own_port),
            send=self.protocol_send,
        )


def _config(app: HTTPApp, limits: HTTPLimits) -> Config:
    config = Config()
    config.errorlog = _log
    config.include_server_header = False
    config.keep_alive_timeout = limits.idle
    config.keep_alive_max_requests = sys.maxsize  # after so many it would end what runs
    config.h11_max_incomplete_size = limits.header_bytes
    config.h2_max_header_list_size = limits.header_bytes
    config.websocket_max_message_size = app.largest_message
    return config


def _keep_alive(listening: socket.socket) -> None:
    """Have the kernel find out which clients are gone; what is accepted inherits it."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _ALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            listening.setsockopt(socket.IPPROTO_TCP, option, value)


@asynccontextmanager
async def _lifespan(app: ASGIApp, *, on: bool) -> AsyncGenerator[None]:
    """Start the fallback application, and stop it at the end, as the other listener does."""
    config = uvicorn.Config(app, lifespan="auto" if on else "off", log_config=None)
    config.load()
    lifespan = config.lifespan_class(config)
    await lifespan.startup()
    if lifespan.should_exit:
        raise RuntimeError("the fallback application did not start; its log says why")
    try:
        yield
    finally:
        await lifespan.shutdown()


async def _over(pending: Iterable[asyncio.Task[object]], seconds: float) -> None:
    if waited := list(pending):
        await asyncio.wait(waited, timeout=seconds)
