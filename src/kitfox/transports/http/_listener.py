"""Methods served over HTTP: the ASGI application on an embedded uvicorn."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context
from typing import Unpack

import uvicorn

from kitfox.core import Kind, Routes
from kitfox.net import address_of, bind
from kitfox.transports.http._app import HTTPApp, HTTPOptions
from kitfox.transports.http._door import must_ask_for_token
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._protocol import bounded

# How long a call that was cancelled may take to end before nobody waits for it, seconds.
_CANCELLED_WITHIN = 5.0


class HTTP:
    """A listener for HTTP/1.1.

    `address` is `host:port`, `:port` for loopback, or `unix:/path`; port 0 picks a free one. One
    that other machines can reach needs a `token`, or `public=True`. `grace` is how long, in
    seconds, running calls may go on when the listener stops. The other arguments are HTTPApp's.

    Raises:
        ValueError: the address is malformed, or open to others without a word about it.
    """

    kinds = frozenset({Kind.UNARY, Kind.SERVER_STREAM})

    def __init__(
        self,
        address: str = ":0",
        *,
        public: bool = False,
        grace: float = 30.0,
        **options: Unpack[HTTPOptions],
    ) -> None:
        if options.get("token") is None and not public and must_ask_for_token(address):
            msg = (
                f"{address} can be reached from other machines: give token='…', or public=True to "
                "let anybody call"
            )
            raise ValueError(msg)
        self._address = address
        self._grace = grace
        self._options = options
        self._limits = options.get("limits") or HTTPLimits()

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes`; yields the URL.

        Raises:
            OSError: the address cannot be had; the text says which and why.
            DefinitionError: a binding does not fit.
        """
        app = HTTPApp(routes, **self._options)
        with bind(self._address) as listening:
            server = _Embedded(self._config(app))
            # In a context of its own: a deadline in force here must not bind the calls to come.
            serving = server.serve(sockets=[listening])
            running = asyncio.create_task(serving, context=Context())
            try:
                await asyncio.wait({running, server.up}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                yield f"http://{address_of(listening)}"
            finally:
                app.drain()
                server.should_exit = True
                await running

    def _config(self, app: HTTPApp) -> uvicorn.Config:
        return uvicorn.Config(
            app,
            http=bounded(self._limits),
            ws="none",
            lifespan="auto",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # a peer is who it is, not who it says
            limit_concurrency=self._limits.connections,
            timeout_keep_alive=int(self._limits.idle),
            timeout_graceful_shutdown=int(self._grace),
        )


class _Embedded(uvicorn.Server):
    """A uvicorn that tells when it is up, and leaves signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections."""
        await super().startup(sockets)
        self.up.set_result(None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and cancel what outlives the grace or a wait that is itself cut short."""
        tasks = self.server_state.tasks
        try:
            await super().shutdown(sockets)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        if tasks:  # cancelled, but not gone yet
            await asyncio.wait(tasks, timeout=_CANCELLED_WITHIN)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
