"""A real NATS server for each test, a service behind it, and a client that knows only NATS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats as nats_py
import pytest

from kitfox import NotFound, Service, rpc
from kitfox.core import current_call
from kitfox.transports.nats import NATS, NATSConnection
from nats_server import NATSServer

# How often the ends of a call ask for each other in these tests, seconds.
BEAT = 0.05


class Desk(Service, name="acme.v1.Desk"):
    """Answers the door."""

    def __init__(self, name="one"):
        self.name = name
        self.inside = 0
        self.came = 0

    @rpc(idempotent=True)
    async def greet(self, who: str = "you") -> str:
        """Greet somebody.

        By name.
        """
        self.came += 1
        if who == "nobody":
            raise NotFound("nobody is\r\nnot here", details={"who": who})
        return f"{self.name} greets {who}"

    @rpc
    async def repeat(self, word: str, times: int) -> str:
        """Say a word again and again."""
        return word * times

    @rpc
    async def echo(self) -> None:
        """Send the metadata back."""
        call = current_call()
        call.reply_metadata.update(call.metadata)

    @rpc
    async def stay(self) -> None:
        """Stay until the caller leaves."""
        await self._stay()

    @rpc
    async def watch(self) -> AsyncIterator[int]:
        """Say one thing, and then nothing more."""
        yield 0
        await self._stay()

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        """Add numbers up."""
        self.inside += 1
        try:
            return sum([number async for number in numbers])
        finally:
            self.inside -= 1

    async def _stay(self):
        self.inside += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.inside -= 1


@pytest.fixture
def nats():
    """Run a NATS server that the test may kill and start again."""
    server = NATSServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture
def configured():
    """Run NATS servers with configurations of the test's own."""
    servers = []

    def start(config):
        servers.append(NATSServer(config))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def serve(nats):
    """Serve a desk on the test's NATS."""

    @asynccontextmanager
    async def serving(desk, **options):
        listener = NATS(nats.url, **{"beat": BEAT, "grace": 5.0, **options})
        async with listener.listen(desk.routes()):
            yield listener

    return serving


@pytest.fixture
def dial(nats):
    """Give a client of the desk, over the test's NATS."""

    @asynccontextmanager
    async def dialling(url=None, **options):
        async with NATSConnection(url or nats.url, **{"beat": BEAT, **options}) as connection:
            yield Desk.client(connection)

    return dialling


@pytest.fixture
def plain(nats):
    """Give a client that knows NATS only."""

    @asynccontextmanager
    async def connected():
        client = await nats_py.connect(nats.url)
        try:
            yield client
        finally:
            await client.close()

    return connected


@pytest.fixture
def cancel():
    """Cancel a task, and wait until it is over."""

    async def cancelled(task):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return cancelled
