"""A proxy between a real client and a real server, for what can happen to bytes.

It stands on a free port of the loopback and passes on what comes, knowing no protocol; late, not at
all, or only so many bytes, so that a frame ends in its middle. Its time is the real one.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from kitfox.scope import fail_after

_LOOPBACK: Final = "127.0.0.1"
_PIECE: Final = 65_536  # bytes
_LINGER: Final = 1.0  # seconds that a peer may take to read what it was sent


class FaultyProxy(AbstractAsyncContextManager["FaultyProxy"]):
    """A way to the server at `url`, over TCP; while it is open, its own `url` leads there.

    Of each connection, `back` is how many bytes of the server's reach the client before it breaks,
    and `there` how many of the client's reach the server; None sets no limit. Each piece of bytes
    is `delay` seconds late. All may be set at any time; the limits hold for new connections.

    Raises:
        ValueError: the URL has no host and port.
    """

    def __init__(
        self,
        url: str,
        *,
        there: int | None = None,
        back: int | None = None,
        delay: float = 0.0,
    ) -> None:
        self.there = there
        self.back = back
        self.delay = delay
        self.url = ""
        self._target = urlsplit(url)
        if not self._target.hostname or not self._target.port:
            msg = f"{url!r}: expected a URL with a host and a port"
            raise ValueError(msg)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._links: dict[asyncio.Task[None], None] = {}

    @property
    def stalled(self) -> bool:
        """Whether all bytes wait."""
        return not self._flowing.is_set()

    @stalled.setter
    def stalled(self, stalled: bool) -> None:
        if stalled:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def __aenter__(self) -> Self:
        """Take connections."""
        self._server = await asyncio.start_server(self._accept, _LOOPBACK, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        self.url = self._target._replace(netloc=f"{_LOOPBACK}:{port}").geturl()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break all connections, and take no more."""
        self._server.close()
        await asyncio.sleep(0)  # one may just have been accepted
        while self._links:
            await self.cut()
        await self._server.wait_closed()

    async def cut(self) -> None:
        """Break all connections that there are now."""
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._link(reader, writer))
        self._links[link] = None
        link.add_done_callback(self._links.pop)
        # Whoever is cut before it began closes nothing itself.
        link.add_done_callback(lambda _: writer.transport.abort())

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes from either side until both are at their end, or one breaks."""
        host, port = self._target.hostname, self._target.port
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_close, writer)
            with suppress(OSError):  # nobody is there: the client's connection ends at once
                far_reader, far_writer = await asyncio.open_connection(host, port)
                stack.push_async_callback(_close, far_writer)
                there = self._pump(reader, far_writer, self.there)
                await _until_broken(there, self._pump(far_reader, writer, self.back))

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None
    ) -> None:
        """Pass on what comes, `left` bytes of it at most. Raises OSError where it breaks."""
        while data := await reader.read(_PIECE):
            await asyncio.sleep(self.delay)
            await self._flowing.wait()
            if left is not None:
                data = data[:left]
                left -= len(data)
            writer.write(data)
            await writer.drain()
            if left == 0:
                raise ConnectionAbortedError
        writer.write_eof()


async def _until_broken(*pumps: Coroutine[None, None, None]) -> None:
    """Run all until they are at their end, or one of them breaks."""
    try:
        async with asyncio.TaskGroup() as group:
            for pump in pumps:
                group.create_task(pump)
    except* OSError:
        pass


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close a connection when what was written is sent, or soon if it cannot be."""
    writer.close()
    with suppress(OSError):  # a TimeoutError is one
        async with fail_after(_LINGER):
            await writer.wait_closed()
    writer.transport.abort()
