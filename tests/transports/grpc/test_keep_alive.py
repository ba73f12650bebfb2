"""Peers that vanish without a word, and peers that ask too much."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from kitfox import Unavailable, fail_after
from kitfox.multiplex import KeepAlive
from kitfox.transports.grpc import GRPCLimits

SOON = KeepAlive(quiet=0.2, patience=0.2)
LATE = KeepAlive(quiet=60.0, patience=60.0)


class Way:
    """The way to a server, which can be made to swallow everything."""

    def __init__(self, port):
        self._port = port
        self.blocked = False
        self._tasks = set()

    async def walk(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.wait(
                [
                    asyncio.create_task(self._pass_on(reader, far_writer)),
                    asyncio.create_task(self._pass_on(far_reader, writer)),
                ]
            )
        finally:
            writer.close()
            far_writer.close()

    async def _pass_on(self, reader, writer):
        try:
            while data := await reader.read(65536):
                if not self.blocked:
                    writer.write(data)
        except ConnectionError:
            pass
        writer.close()

    async def over(self):
        if self._tasks:
            await asyncio.wait(self._tasks)


@pytest.fixture
def way():
    """Open a way to a URL for a block."""

    @asynccontextmanager
    async def opened(url):
        made = Way(int(url.rpartition(":")[2]))
        server = await asyncio.start_server(made.walk, "127.0.0.1", 0)
        async with server:
            made.url = f"grpc://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield made

    return opened


async def test_a_caller_learns_that_its_server_has_vanished(serve, connect, way, desk):
    async with serve(keep_alive=LATE) as url, way(url) as between:
        async with fail_after(10), connect(between.url, keep_alive=SOON) as client:
            waiting = asyncio.create_task(client.wait())
            await desk.started.wait()
            between.blocked = True
            with pytest.raises(Unavailable):
                await waiting
        await desk.ended.wait()
        await between.over()


async def test_a_server_ends_the_calls_of_a_client_that_has_vanished(serve, connect, way, desk):
    async with serve(keep_alive=SOON) as url, way(url) as between:
        async with fail_after(10), connect(between.url, keep_alive=LATE) as client:
            waiting = asyncio.create_task(client.wait())
            await desk.started.wait()
            between.blocked = True
            await desk.ended.wait()
            waiting.cancel()
            await asyncio.wait([waiting])
        await between.over()


async def test_a_small_message_that_grows_when_it_is_read_is_refused(serve, stock):
    bomb = b"\x0a\x80\x80\x80\x08" + bytes(16 << 20)
    gzip = grpc.Compression.Gzip
    limits = GRPCLimits(message=1 << 20)
    async with serve(limits=limits) as url, stock(url, compression=gzip) as channel:
        echo = channel.unary_unary("/acme.v1.Desk/Echo")
        with pytest.raises(grpc.aio.AioRpcError, match="RESOURCE_EXHAUSTED"):
            await echo(bomb)
        assert await echo(b"\x0a\x01x") == b"\x0a\x01x"


def test_every_option_is_one_that_grpcio_knows():
    """It ignores the others without a word."""
    library = next(Path(grpc.__file__).parent.glob("_cython/cygrpc*.so")).read_bytes()
    limits = GRPCLimits()
    for options in (limits.of_server(SOON), limits.of_client(SOON, 5.0)):
        assert not [name for name, _ in options if name.encode() + b"\0" not in library]
