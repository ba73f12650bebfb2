"""Methods served over NATS."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from kitfox.codecs import JSON, MessagePack
from kitfox.core import InFlight, Kind, Routes
from kitfox.multiplex import LinkLimits, Services
from kitfox.net import TLS
from kitfox.transports.nats._desk import Desk, Offer
from kitfox.transports.nats._discovery import Stats, described
from kitfox.transports.nats._line import Line
from kitfox.transports.nats._message import fitting
from kitfox.transports.nats._pulse import BEAT
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._target import DEFAULT_URL, OnConnection, target_of

_SEMANTIC_VERSION = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}([-+][0-9A-Za-z.+-]+)?")


class NATS:
    """A listener that takes its requests from a NATS system, together with others of its kind.

    `url` is `nats://[user:password@]host:port`, or several of one cluster with commas between. With
    `tls`, or as `tls://`, the connection is encrypted or not made. `token` logs in at NATS, if the
    URL does not. Who may call is for NATS to decide, by its permissions: this opens no port.

    `version` (semantic) is what NATS's tools are told. `grace` is how long, in seconds, running
    calls may go on when the listener stops. `on_connection` is told whenever the connection comes
    or goes; it comes back by itself, however long that takes. `beat` is how often, in seconds,
    callers of running calls are asked whether they are still there; all of a system agree on it.

    Raises:
        ValueError: the URL or the version is malformed.
    """

    kinds = frozenset(Kind)

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        version: str = "0.0.0",
        tls: TLS | None = None,
        token: str | None = None,
        grace: float = 30.0,
        limits: LinkLimits | None = None,
        on_connection: OnConnection | None = None,
        beat: float = BEAT,
    ) -> None:
        if not _SEMANTIC_VERSION.fullmatch(version):
            msg = f"version: expected major.minor.patch, as 1.0.0, got {version!r}"
            raise ValueError(msg)
        self._target = target_of(url, tls, token)
        self._version = version
        self._grace = grace
        self._limits = limits or LinkLimits()
        self._on_connection = on_connection
        self._beat = beat
        self._line: Line[Desk] | None = None

    @property
    def connected(self) -> bool:
        """Whether calls can come: readiness."""
        return self._line is not None and self._line.up is not None

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes`; yields the URL, without its secrets, when NATS is reached.

        When the first attempt fails, the URL is yielded all the same, and `connected` tells when it
        is: NATS may start later than its services.
        """
        offer = self._offer(routes)

        async def opened(session: Session) -> Desk:
            limits = fitting(self._limits, session.max_payload)
            desk = Desk(session, offer, limits, self._beat)
            await desk.open()
            return desk

        self._line = line = Line(self._target, opened, self._on_connection)
        try:
            line.start()
            await line.tried()
            yield self._target.url
        finally:
            await self._stop(line, offer.in_flight)

    def _offer(self, routes: Routes) -> Offer:
        clock = asyncio.get_running_loop().time
        stats = {method: Stats(method) for method in routes}
        counted = {
            method: stats[method].counting(endpoint, clock) for method, endpoint in routes.items()
        }
        services = {
            codec.content_type: Services(counted, codec) for codec in (JSON(), MessagePack())
        }
        story = described(
            stats.values(), id=uuid4().hex, version=self._version, started=datetime.now(UTC)
        )
        return Offer(services, story, InFlight())

    async def _stop(self, line: Line[Desk], in_flight: InFlight) -> None:
        grace = 0.0  # when even the leave-taking is cut short
        try:
            if line.up is not None:
                await line.up.leave()
            grace = self._grace
        finally:
            try:
                await in_flight.drain(grace)
            finally:
                await line.flush()
                await line.aclose()
