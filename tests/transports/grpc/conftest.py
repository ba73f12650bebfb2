"""A service over gRPC, and a stock client: grpcio itself, with bytes for messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from kitfox import NotFound, Service, current_call, fail_after, rpc
from kitfox.transports.grpc import GRPC, GRPCConnection


class Desk(Service, name="acme.v1.Desk"):
    """What the tests call."""

    def __init__(self):
        self.started = asyncio.Event()
        self.ended = asyncio.Event()

    @rpc
    async def add(self, a: int, b: int = 1) -> int:
        return a + b

    @rpc
    async def echo(self, data: bytes) -> bytes:
        return data

    @rpc
    async def fail(self, why: str) -> None:
        raise NotFound(why, details={"why": why})

    @rpc
    async def who(self) -> list[str]:
        call = current_call()
        return [call.identity, call.peer]

    @rpc
    async def hear(self) -> dict[str, str]:
        call = current_call()
        call.reply_metadata["said-bin"] = "AAE="
        return dict(call.metadata)

    @rpc
    async def wait(self) -> None:
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    @rpc
    async def count(self, last: int) -> AsyncIterator[int]:
        for number in range(last):
            yield number

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def serve(desk):
    """Serve the desk for a block, and give its URL."""

    @asynccontextmanager
    async def serving(address=":0", **options):
        options = {"grace": 0.0, **options}
        async with fail_after(10), GRPC(address, **options).listen(desk.routes()) as url:
            yield url

    return serving


@pytest.fixture
def connect():
    """Connect to a URL for a block, and give the desk there."""

    @asynccontextmanager
    async def connected(url, **options):
        async with GRPCConnection(url, **options) as connection:
            yield Desk.client(connection)

    return connected


@pytest.fixture
def stock():
    """Open a channel of grpcio's to a URL for a block."""

    @asynccontextmanager
    async def opened(url, **options):
        target = url.removeprefix("grpc://").replace("grpc+unix://", "unix:")
        async with grpc.aio.insecure_channel(target, **options) as channel:
            yield channel

    return opened
