"""Methods served over HTTP: the ASGI application on an embedded uvicorn."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from kitfox.core import Kind, Routes
from kitfox.net import ASGIApp, address_of, bind
from kitfox.transports.http._app import HTTPApp
from kitfox.transports.http._cors import CORS
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._pages import Ready
from kitfox.transports.http._protocol import bounded
from kitfox.transports.http._table import Bindings

_log = logging.getLogger("kitfox.http")


class HTTP:
    """A listener for HTTP/1.1.

    `address` is `host:port`, `:port` for loopback, or `unix:/path`; port 0 picks a free one. What
    the other arguments mean, `HTTPApp` says. `grace` is how long, in seconds, running calls may
    go on when the listener stops.
    """

    kinds = frozenset({Kind.UNARY, Kind.SERVER_STREAM})

    def __init__(
        self,
        address: str = ":0",
        *,
        routes: Bindings | None = None,
        fallback: ASGIApp | None = None,
        cors: CORS | None = None,
        limits: HTTPLimits | None = None,
        ready: Ready = lambda: True,
        title: str = "kitfox",
        grace: float = 30.0,
    ) -> None:
        self._address = address
        self._limits = limits or HTTPLimits()
        self._grace = grace
        self._make_app: Callable[[Routes], HTTPApp] = lambda methods: HTTPApp(
            methods,
            bindings=routes,
            fallback=fallback,
            cors=cors,
            limits=self._limits,
            ready=ready,
            title=title,
        )

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes`; yields the URL.

        Raises:
            OSError: the address cannot be had; the text says which and why.
            DefinitionError: a binding does not fit.
        """
        app = self._make_app(routes)
        with bind(self._address) as listening:
            server = _Embedded(self._config(app))
            running = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                await server.wait_until_started(running)
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
            limit_concurrency=self._limits.connections,
            timeout_keep_alive=int(self._limits.idle),
            timeout_graceful_shutdown=int(self._grace),
        )


class _Embedded(uvicorn.Server):
    """A uvicorn that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def wait_until_started(self, running: "asyncio.Task[None]") -> None:
        """Return when connections are taken; raise what kept it from starting."""
        while not self.started:
            if running.done():
                running.result()
            await asyncio.sleep(0)
