"""Three times what can be done is asked for, in virtual time: most of what can be done is done."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from kitfox import RPCError, Service, rpc
from kitfox.app import ClientChain, Cluster, Policies, Server, ServerChain
from kitfox.registry import Instance, MemoryRegistry
from kitfox.testing import virtual_time
from kitfox.transports.memory import Memory

NAMES = ("one", "two", "three")
PLACES = 4
WORK = 0.08  # seconds
PEAK = len(NAMES) * PLACES / WORK  # calls a second
SECONDS = 6.0


class Work(Service):
    """Something to do, for a few at once."""

    @rpc(idempotent=True)
    async def do(self) -> None:
        await asyncio.sleep(WORK)


class Load:
    """Calls at a steady rate, whatever becomes of those before."""

    def __init__(self, work):
        self._work = work
        self.good = self.calls = 0

    async def run(self, rate):
        async with asyncio.TaskGroup() as calls:
            for _ in range(int(SECONDS * rate)):
                calls.create_task(self._call())
                await asyncio.sleep(1.0 / rate)

    async def _call(self):
        self.calls += 1
        try:
            await self._work.do()
        except RPCError:
            return
        self.good += 1


async def overloaded(servers, clients):
    """Return the part of what could be done that was, with three times too much to do."""
    wires, registry = {f"memory:{name}": Memory() for name in NAMES}, MemoryRegistry()
    async with AsyncExitStack() as stack:
        for name, (address, wire) in zip(NAMES, wires.items(), strict=True):
            chain = ServerChain(Policies.read(servers))
            server = Server(Work(), listeners=[wire], policies=chain)
            await stack.enter_async_context(server.running())
            await registry.register(Instance("Work", name, (address,)))
        cluster = Cluster("Work", resolver=registry, dial=wires.__getitem__, schemes=["memory"])
        through = ClientChain(Policies.read(clients)).through(
            await stack.enter_async_context(cluster)
        )
        load = Load(Work.client(through, timeout=2.0))
        await load.run(3 * PEAK)
        return load.good / (PEAK * SECONDS)


@pytest.mark.parametrize("clients", [{}, {"hedge": True}, {"breaker": False}])
@virtual_time
async def test_three_times_the_load_leaves_more_than_four_fifths_of_the_goodput(clients):
    servers = {"bulkhead": {"limit": PLACES, "queue": 3 * PLACES}}
    assert await overloaded(servers, clients) > 0.9


@virtual_time
async def test_where_nobody_refuses_anything_it_does_not():
    servers = {"bulkhead": {"limit": PLACES, "queue": 1_000_000}, "shed": False}
    assert await overloaded(servers, {"breaker": False, "retry": False}) < 0.8
