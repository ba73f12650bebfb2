"""An HTTP/1.1 client that keeps its connections.

How a request walks: `split_url` -> `request_head` -> `take` or `lease` a connection -> `send` ->
`reply` -> `release`. With an idle connection at hand nothing before the reply suspends, and the
request is one write.

Deadlines come from outside: a request that is cancelled closes its connection, unless it had none
yet, and leaves no trace where it waited for one.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from kitfox.core import Closing
from kitfox.net._errors import ConnectFailed, ConnectionBroken, HTTPError
from kitfox.net._http_connection import HTTPConnection, OnEnd
from kitfox.net._http_dial import Dialer
from kitfox.net._http_limits import ClientLimits
from kitfox.net._http_origin import OriginConnections
from kitfox.net._http_reply import HTTPReply
from kitfox.net._http_request import Headers, request_head, whole
from kitfox.net._http_stream import HTTPReplyStream, uploading
from kitfox.net._http_url import Origin, split_url
from kitfox.net._tls import TLS

T = TypeVar("T")


class HTTPClient(Closing):
    """A client for any number of origins, over http, https and Unix sockets; one loop uses it.

    Leaving it as a context manager, or `aclose`, breaks off what is still under way. `tls` says
    whom to trust with https, and what to show; TLSError when it is of no use.
    """

    def __init__(self, limits: ClientLimits | None = None, *, tls: TLS | None = None) -> None:
        self._limits = limits or ClientLimits()
        self._dialer = Dialer(connect_seconds=self._limits.connect_seconds, tls=tls)
        self._origins: dict[Origin, OriginConnections] = {}
        self._live: set[HTTPConnection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def open_connections(self) -> int:
        """How many connections are open, idle ones included."""
        return len(self._live)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Headers = (),
        body: bytes = b"",
        idempotent: bool = False,
    ) -> HTTPReply:
        """Send a request and return the whole reply, whatever its status.

        `headers` are text by text, or pairs of bytes, of which a name may come twice.
        When the peer closes a kept connection in the very moment of sending, an idempotent request
        is sent once more. Raises ValueError for a malformed request, HTTPError when no reply came;
        when the second attempt did not get as far as sending, that is the first one's.
        """
        origin, target = split_url(url)
        body = body if type(body) is bytes else whole(body)
        data = request_head(method, origin, target, headers, length=len(body)) + body
        connections = self._connections(origin)
        bodyless = method == "HEAD"
        send = partial(self._exchange, connections, data, bodyless=bodyless)
        try:
            return await send()
        except ConnectionBroken as error:
            _raise_unless_stale(error, idempotent=idempotent)
            return await _resend(connections, send, error)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Headers = (),
        body: bytes | AsyncIterator[bytes] = b"",
        idempotent: bool = False,
    ) -> AsyncGenerator[HTTPReplyStream]:
        """Send a request and yield its reply as soon as status and headers are there.

        A body that is an iterator is sent in chunks, on while the reply is read, and never twice;
        what it raises is raised here. Leaving before the end of the reply closes the connection.
        Raises as `request` does.
        """
        origin, target = split_url(url)
        at_once, pieces = (b"", body) if isinstance(body, AsyncIterable) else (whole(body), None)
        length = len(at_once) if pieces is None else None
        data = request_head(method, origin, target, headers, length=length) + at_once
        connections = self._connections(origin)
        send = partial(self._send, connections, data, bodyless=method == "HEAD")
        try:
            connection = await send(wait=pieces is None)
        except ConnectionBroken as error:
            _raise_unless_stale(error, idempotent=idempotent)
            connection = await _resend(connections, partial(send, wait=True), error)
        try:
            async with uploading(connection, pieces):
                status, fields = await connection.head()
                limit = self._limits.body_bytes
                yield HTTPReplyStream(status, fields, connection, body_bytes=limit)
        finally:
            self._release(connections, connection)

    async def aclose(self) -> None:
        """Close all connections; requests under way end with ConnectionBroken."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        live = list(self._live)
        for connection in live:
            connection.fail(ConnectionBroken("the client was closed", answered=True, stale=False))
        if live:
            await asyncio.wait([connection.lost for connection in live])

    async def _exchange(
        self, connections: OriginConnections, data: bytes, *, bodyless: bool
    ) -> HTTPReply:
        now = asyncio.get_running_loop().time()
        connection = connections.take(now) or await connections.lease(now)
        try:
            connection.send(data, bodyless=bodyless)
            return await connection.reply()
        finally:
            self._release(connections, connection)

    async def _send(
        self, connections: OriginConnections, data: bytes, *, bodyless: bool, wait: bool
    ) -> HTTPConnection:
        """Open a streaming exchange; `wait` for the head of its reply, or leave that for later."""
        now = asyncio.get_running_loop().time()
        connection = connections.take(now) or await connections.lease(now)
        try:
            connection.send(data, bodyless=bodyless, streaming=True)
            if wait:
                await connection.head()
        except BaseException:
            self._release(connections, connection)
            raise
        return connection

    def _release(self, connections: OriginConnections, connection: HTTPConnection) -> None:
        loop = asyncio.get_running_loop()
        connections.release(connection, loop.time())
        self._sweep_later(loop)

    def _connections(self, origin: Origin) -> OriginConnections:
        if self._closed:
            raise RuntimeError("the client is closed")
        found = self._origins.get(origin)
        if found is None:
            found = OriginConnections(self._limits, partial(self._open, origin))
            self._origins[origin] = found
            self._sweep_later(asyncio.get_running_loop())
        return found

    async def _open(self, origin: Origin, on_end: OnEnd) -> HTTPConnection:
        connection = HTTPConnection(asyncio.get_running_loop(), self._limits, on_end)
        await self._dialer.dial(origin, connection)
        if self._closed:
            connection.abort()
            raise ConnectFailed("the client was closed")
        self._live.add(connection)
        connection.lost.add_done_callback(lambda _: self._live.discard(connection))
        return connection

    def _sweep_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._sweeper is None and not self._closed:
            self._sweeper = loop.call_later(self._limits.idle_seconds, self._sweep)

    def _sweep(self) -> None:
        """Close what idled too long, forget origins without connections, and set the next timer."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = [connections.close_expired(now) for connections in self._origins.values()]
        self._origins = {o: c for o, c in self._origins.items() if not c.is_empty}
        next_due = min((at for at in due if at is not None), default=None)
        self._sweeper = None if next_due is None else loop.call_at(next_due, self._sweep)


def _raise_unless_stale(error: ConnectionBroken, *, idempotent: bool) -> None:
    if not (error.stale and error.may_resend(idempotent=idempotent)):
        raise error


async def _resend(
    connections: OriginConnections, send: Callable[[], Awaitable[T]], first: ConnectionBroken
) -> T:
    """Send once more what may have been seen; so no error says that it was never sent."""
    connections.close_idle()  # they are as old
    try:
        return await send()
    except HTTPError as second:
        if second.sent:
            raise
        raise first from second
