"""Methods served over HTTP: the ASGI application on an embedded uvicorn."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import Context
from typing import Unpack, cast
from urllib.parse import quote

import uvicorn

from kitfox.core import Kind, Routes
from kitfox.net import TLS, Acceptor, Bind, address_of, bind, check_guarded
from kitfox.scope import fail_after
from kitfox.transports.http._app import HTTPApp, HTTPOptions
from kitfox.transports.http._door import is_local
from kitfox.transports.http._hijack import Taken
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._protocol import BoundedProtocol, bounded

# How long a call that was cancelled may take to end before nobody waits for it, seconds.
_CANCELLED_WITHIN = 5.0


class HTTP:
    """A listener for HTTP/1.1; with `tls`, for https.

    `address` is `host:port`, `:port` for loopback, or `unix:/path`; port 0 picks a free one. One
    that other machines can reach needs a `token`, a `tls` that asks clients for certificates, or
    `public=True`; one of this machine without a token answers to addresses, localhost and `hosts`
    only, for any page can give a name of its own to 127.0.0.1. `grace` is how long, in seconds,
    running calls may go on when the listener stops; `bind` opens the address, or has it open
    already. The other arguments are HTTPApp's.

    Raises:
        ValueError: the address is malformed, or open to others without a word about it.
    """

    kinds = frozenset({Kind.UNARY, Kind.SERVER_STREAM})

    def __init__(
        self,
        address: str = ":0",
        *,
        tls: TLS | None = None,
        public: bool = False,
        grace: float = 30.0,
        bind: Bind = bind,
        **options: Unpack[HTTPOptions],
    ) -> None:
        guard(address, tls, options, public=public)
        self.kinds = self.kinds | beside(options)
        self._tls = tls
        self._address = address
        self._bind = bind
        self._grace = grace
        self._options = options
        self._limits = options.get("limits") or HTTPLimits()
        self._protocols: set[type[BoundedProtocol]] = set()

    def leave(self) -> None:
        """Ask clients to come back on other connections, while calls are still served."""
        for protocol in self._protocols:
            protocol.leaving = True

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes`; yields the URL.

        Raises:
            OSError: the address cannot be had; the text says which and why.
            TLSError: a certificate or key is of no use; the text says which and why.
            RuntimeError: the fallback application failed to start.
            DefinitionError: a binding does not fit.
        """
        app, taken = HTTPApp(routes, **self._options), Taken()
        protocol = bounded(self._limits, taken)
        with self._bind(self._address) as listening:
            server = _Embedded(self._config(app, protocol))
            # In a context of its own: a deadline in force here must not bind the calls to come.
            serving = server.serve(sockets=[listening])
            running = asyncio.create_task(serving, context=Context())
            self._protocols.add(protocol)
            try:
                await asyncio.wait({running, server.up}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                yield _url(listening, "https" if self._tls else "http")
            finally:
                self._protocols.discard(protocol)
                app.drain()
                server.stop()
                try:
                    await asyncio.gather(app.drain_passengers(self._grace), running)
                finally:
                    taken.abort()

    def _config(self, app: HTTPApp, protocol: type[BoundedProtocol]) -> uvicorn.Config:
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",  # a WebSocket takes its connection over, as any upgrade does
            lifespan="auto" if self._options.get("fallback") else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # a peer is who it is, not who it says
            # Hinted as int; uvicorn only hands them to the loop, which takes any number.
            timeout_keep_alive=cast("int", self._limits.idle),
            timeout_graceful_shutdown=cast("int", self._grace),
        )
        config.load()
        if self._tls:  # uvicorn itself would read the files once, and for good
            config.ssl = self._tls.server_context("http/1.1")
        return config


def guard(address: str, tls: TLS | None, options: HTTPOptions, *, public: bool) -> None:
    """Refuse a door that stands open without a word about it; close a local one to other names.

    Raises ValueError.
    """
    check_guarded(address, tls=tls, token=options.get("token"), public=public)
    if options.get("token") is None and is_local(address):
        options.setdefault("hosts", ())


def beside(options: HTTPOptions) -> frozenset[Kind]:
    """Return the kinds that a port carries by what travels on it beside HTTP."""
    websocket, upgrades = options.get("websocket"), options.get("upgrades") or {}
    passengers = (*upgrades.values(), *(() if websocket is None else (websocket,)))
    return frozenset[Kind]().union(*(each.kinds for each in passengers))


def _url(listening: socket.socket, scheme: str) -> str:
    address = address_of(listening)
    if listening.family == socket.AF_UNIX:
        return f"http+unix://{quote(address.removeprefix('unix:'), safe='')}"
    return f"{scheme}://{address}"


class _Embedded(uvicorn.Server):
    """A uvicorn that tells when it is up, and leaves signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._acceptors: list[Acceptor] = []
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin to stop, at the next turn of the loop."""
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """Keep the date of replies right until told to stop; uvicorn looks ten times a second."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with fail_after(1.0):
                    await self._stopping.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections."""
        try:
            await super().startup([])
        except SystemExit:  # uvicorn's way of saying so, which would end the process
            msg = "the fallback application did not start; its log says why"
            raise RuntimeError(msg) from None
        for listening in sockets or ():
            self._acceptors.append(Acceptor(listening, self._protocol, tls=self.config.ssl))
            self._acceptors[-1].start()
        self.up.set_result(None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and cancel what outlives the grace or a wait that is itself cut short."""
        for acceptor in self._acceptors:
            await acceptor.aclose()
        tasks = self.server_state.tasks
        try:
            await super().shutdown(sockets)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        if tasks:  # cancelled, but not gone yet
            await asyncio.wait(tasks, timeout=_CANCELLED_WITHIN)

    def _protocol(self) -> asyncio.Protocol:
        make = cast("type[BoundedProtocol]", self.config.http_protocol_class)
        return make(self.config, self.server_state, self.lifespan.state)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
