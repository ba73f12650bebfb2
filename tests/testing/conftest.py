"""These tests run in virtual time, as those of a user may."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kitfox import Service, rpc
from kitfox.core import NotFound, current_call
from kitfox.testing import VirtualClock
from kitfox.transports.memory import Memory


def pytest_asyncio_loop_factories(config, item):
    if item.path.name == "test_faulty_proxy.py":  # it has sockets: they want the real time
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualClock}


class Den(Service):
    """Something to call, of every kind."""

    def __init__(self):
        self.served = []
        self.ended = []

    @rpc(idempotent=True)
    async def get(self, id: int) -> int:
        self.served.append(id)
        if id < 0:
            raise NotFound("no such fox")
        current_call().reply_metadata["served"] = str(id)
        return id

    @rpc
    async def wait(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append("wait")

    @rpc
    def count(self, to: int) -> AsyncIterator[int]:
        return self._count(to)

    async def _count(self, to):
        current_call().reply_metadata["counted"] = "yes"
        for number in range(to):
            self.served.append(number)
            yield number

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])


@pytest.fixture
def den():
    return Den()


@pytest.fixture
async def memory(den):
    wire = Memory()
    async with wire.listen(den.routes()):
        yield wire
