"""A slow receiver slows its sender: what is under way stays small however much there is to say.

Counted in bytes, not in time: a sender that is held back stands still long before its end.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kitfox import Kind, Service, rpc

PIECE = b"x" * (64 << 10)
PIECES = 384  # 24 MiB
# The kernel's buffers at both ends of a connection of loopback, and our own.
MOST_UNDER_WAY = 12 << 20


class Pipe(Service, name="laws.Pipe"):
    def __init__(self):
        self.sent = self.received = 0
        self.open = asyncio.Event()
        self.ended = asyncio.Event()

    @rpc
    async def pour(self) -> AsyncIterator[bytes]:
        try:
            for _ in range(PIECES):
                yield PIECE
                self.sent += 1
        finally:
            self.ended.set()

    @rpc
    async def swallow(self, pieces: AsyncIterator[bytes]) -> int:
        async for _ in pieces:
            self.received += 1
            await self.open.wait()
        return self.received

    @rpc
    async def pump(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                self.received += 1
                yield piece
        finally:
            self.ended.set()


class Tap:
    """An iterator of requests that counts what was taken from it."""

    def __init__(self):
        self.taken = 0

    async def __aiter__(self):
        for _ in range(PIECES):
            self.taken += 1
            yield PIECE


@pytest.fixture
def pipe():
    return Pipe()


def bytes_in(pieces):
    return pieces * len(PIECE)


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_reader_that_stops_reading_stops_the_handler(serve, pipe, settled):
    async with serve(pipe) as connection:
        async with Pipe.client(connection).pour() as stream:
            await anext(stream)
            sent = await settled(lambda: pipe.sent)
            assert bytes_in(sent) < MOST_UNDER_WAY
            assert not pipe.ended.is_set()
        await pipe.ended.wait()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_reader_that_reads_on_gets_everything(serve, pipe, settled):
    async with serve(pipe) as connection:
        stream = Pipe.client(connection).pour()
        assert await anext(stream) == PIECE
        await settled(lambda: pipe.sent)
        assert len([piece async for piece in stream if piece == PIECE]) == PIECES - 1


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_a_handler_that_stops_reading_stops_the_sender(serve, pipe, settled):
    tap = Tap()
    async with serve(pipe) as connection:
        call = asyncio.create_task(Pipe.client(connection).swallow(tap))
        taken = await settled(lambda: tap.taken)
        assert pipe.received == 1
        assert bytes_in(taken) < MOST_UNDER_WAY
        pipe.open.set()
        assert await call == PIECES


@pytest.mark.carries(Kind.BIDI_STREAM)
async def test_a_reader_that_stops_reading_stops_the_sender_behind_the_handler(
    serve, pipe, settled
):
    tap = Tap()
    async with serve(pipe) as connection:
        async with Pipe.client(connection).pump(tap) as stream:
            await anext(stream)
            taken = await settled(lambda: tap.taken)
            assert bytes_in(taken) < MOST_UNDER_WAY
        await pipe.ended.wait()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_one_slow_reader_does_not_hold_up_another(serve, pipe, settled):
    async with serve(pipe) as connection, Pipe.client(connection).pour() as slow:
        await anext(slow)
        await settled(lambda: pipe.sent)
        quick = Pipe.client(connection).pour()
        assert len([piece async for piece in quick]) == PIECES


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_handler_that_never_waits_does_not_stop_the_loop(serve):
    """Small items fit into buffers for a long time; others must get their turn all the same."""

    class Chatter(Service, name="laws.Chatter"):
        @rpc
        async def chat(self) -> AsyncIterator[int]:
            while True:
                yield 1

        @rpc
        async def ping(self) -> str:
            return "pong"

    async with serve(Chatter()) as connection:
        client = Chatter.client(connection)
        async with client.chat() as stream:
            await anext(stream)
            for _ in range(10):
                assert await client.ping() == "pong"
