"""Policies before a cluster: further attempts go elsewhere, and bad nodes cost callers little.

What balances by itself is left out, so that it is the policies that are seen.
"""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from kitfox import Service, Unavailable, rpc
from kitfox.app import Cluster
from kitfox.balancing import Among, RoundRobin
from kitfox.core import Internal, Through, chain
from kitfox.registry import Instance, MemoryRegistry
from kitfox.resilience import (
    Backoff,
    Breakers,
    Budget,
    Hedge,
    Retry,
    State,
    Trip,
    WindowBreaker,
    breaker,
    hedge,
    retry,
)
from kitfox.scope import fail_after
from kitfox.testing import virtual_time
from kitfox.transports.memory import Memory

RICH = {"share": 1.0, "floor": 100.0}  # a budget for whatever a test needs


class Who(Service):
    """Says which instance answered, if it does."""

    def __init__(self, name):
        self.name = name
        self.begun = 0
        self.error = None
        self.go = asyncio.Event()
        self.go.set()

    @rpc(idempotent=True)
    async def am_i(self) -> str:
        self.begun += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return self.name

    @rpc
    async def add(self) -> str:
        return await self.am_i()


class Town:
    """Instances a, b and c, called in turn."""

    def __init__(self, stack):
        self._stack = stack
        self._registry = MemoryRegistry()
        self._wires = {f"memory:{name}": Memory() for name in "abc"}
        self.a, self.b, self.c = self.services = [Who(name) for name in "abc"]

    async def settle(self):
        for service, (address, wire) in zip(self.services, self._wires.items(), strict=True):
            await self._registry.register(Instance("Who", service.name, (address,)))
            await self._stack.enter_async_context(wire.listen(service.routes()))

    async def client(self, *middleware, guard=None, seconds=None):
        cluster = Cluster(
            "Who",
            resolver=self._registry,
            dial=self._wires.__getitem__,
            schemes=["memory"],
            balancer=RoundRobin(),
            among=Among(outliers=None),
            guard=guard,
        )
        await self._stack.enter_async_context(cluster)
        return Who.client(Through(cluster, *middleware), timeout=seconds)


@asynccontextmanager
async def settled():
    async with fail_after(20), AsyncExitStack() as stack:
        town = Town(stack)
        await town.settle()
        yield town


@pytest.fixture
async def town():
    async with settled() as town:
        yield town


def again(tries=2):
    return retry(Retry(tries=tries, backoff=Backoff(base=0.0)), budget=Budget(**RICH))


async def test_with_one_node_that_fails_fast_no_call_fails(town):
    town.a.error = Internal("broken")
    who = await town.client(again())
    assert {await who.am_i() for _ in range(30)} == {"b", "c"}
    assert town.a.begun >= 10


@virtual_time
async def test_with_one_node_that_swallows_calls_no_call_fails():
    async with settled() as town:
        town.a.go.clear()
        who = await town.client(again(), seconds=2.0)
        answers = await asyncio.gather(*(who.am_i() for _ in range(30)))
    assert set(answers) == {"b", "c"}


async def test_each_further_attempt_is_made_on_another_node(town):
    for service in town.services:
        service.error = Unavailable("broken")
    who = await town.client(again(tries=3))
    for _ in range(5):
        with pytest.raises(Unavailable, match="broken"):
            await who.am_i()
    assert [service.begun for service in town.services] == [5, 5, 5]


async def test_what_is_not_idempotent_is_begun_once_when_a_server_fails(town):
    town.a.error = Unavailable("after the work was done")
    who = await town.client(again())
    ends = await asyncio.gather(*(who.add() for _ in range(30)), return_exceptions=True)
    assert sum(isinstance(end, Unavailable) for end in ends) == 10
    assert sum(service.begun for service in town.services) == 30


@virtual_time
async def test_a_hedge_is_made_on_another_node_though_a_retry_stands_between():
    async with settled() as town:
        hedged = hedge(Hedge(calls=20), budget=Budget(**RICH))
        who = await town.client(hedged, again(), seconds=2.0)
        for _ in range(30):
            await who.am_i()
        town.a.go.clear()
        assert {await who.am_i() for _ in range(6)} == {"b", "c"}
        assert town.a.begun > 10
        assert asyncio.get_running_loop().time() < 0.1


async def test_a_breaker_of_a_node_keeps_calls_from_it_and_nobody_notices(town):
    breakers = Breakers()
    town.a.error = Internal("broken")

    def guard(node):
        return breaker(breakers.of(f"Who/{node.id}", lambda: WindowBreaker(Trip(streak=3))))

    who = await town.client(again(), guard=guard)
    for _ in range(60):
        assert await who.am_i() in {"b", "c"}
    assert town.a.begun == 3
    assert {name: each.state for name, each in breakers.items()} == {
        "Who/a": State.OPEN,
        "Who/b": State.CLOSED,
        "Who/c": State.CLOSED,
    }
    assert {await who.add() for _ in range(6)} == {"b", "c"}


async def test_when_every_breaker_is_open_the_caller_is_told_so(town):
    breakers = Breakers()
    who = await town.client(again(), guard=lambda node: breaker(breakers.of(node.id)))
    await who.am_i()
    for each in breakers.values():
        each.open()
    with pytest.raises(Unavailable) as refused:
        await who.am_i()
    assert refused.value.details == {"reason": "breaker", "state": "open"}


async def test_all_policies_together_carry_a_good_call_through_unchanged(town):
    who = await town.client(chain(hedge(), retry(), breaker()), seconds=5.0)
    assert {await who.am_i() for _ in range(9)} == {"a", "b", "c"}
    assert [service.begun for service in town.services] == [3, 3, 3]
