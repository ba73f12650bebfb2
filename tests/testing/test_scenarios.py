"""What a caller's policies make of a bad day: five hosts, a steady load, and something goes wrong.

Each runs for a minute or more of virtual time, and is the same each time. The goals are those of
the benchmark of failure: no call fails, 99 of 100 hardly notice, the servers get little to do.
"""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from random import Random

import pytest

from kitfox import Service, Through, rpc
from kitfox.core import Internal, RPCError
from kitfox.resilience import Budget, breaker, hedge, retry
from kitfox.testing import Faults, Network

NAMES = ("one", "two", "three", "four", "five")
RATE = 50.0  # calls a second
WORK = 0.005  # seconds
USUAL = Faults(jitter=0.002)


class Work(Service):
    """Something to do, which is noted."""

    def __init__(self, name, day):
        self._name = name
        self._day = day

    @rpc(idempotent=True)
    async def do(self) -> str:
        self._day.asked += 1
        if self._name in self._day.broken:
            raise Internal("a bug")
        await asyncio.sleep(WORK)
        return "done"


class Day:
    """A steady load: a call every so often, whatever becomes of those before."""

    def __init__(self):
        self.broken = set()
        self.forget()

    def forget(self):
        self.asked, self.bad, self.took = 0, [], []

    async def run(self, seconds):
        calls = []
        for _ in range(int(seconds * RATE)):
            calls.append(asyncio.create_task(self._call()))
            await asyncio.sleep(1.0 / RATE)
        await asyncio.gather(*calls)

    async def _call(self):
        now = asyncio.get_running_loop().time
        begun = now()
        try:
            await self.work.do()
        except RPCError as error:
            self.bad.append(repr(error))
        self.took.append(now() - begun)

    def p99(self):
        return sorted(self.took)[int(0.99 * len(self.took))]

    def was_good(self):
        assert self.bad == []
        assert self.p99() <= 2 * self.usual
        assert self.asked <= 1.2 * len(self.took)


def policies(seed):
    budget, draw = Budget(), Random(seed).random
    return hedge(budget=budget), retry(budget=budget, draw=draw), breaker(draw=draw)


@asynccontextmanager
async def day(*, seed=1, by=policies):
    """Give a network and a load on it, after a while in which all was well."""
    async with Network(seed=seed) as network:
        day = Day()
        for name in NAMES:
            await network.add(name, partial(Work, name, day))
            network.hosts[name].faults = USUAL
        async with network.cluster(Work) as cluster:
            day.work = Work.client(Through(cluster, *by(seed)), timeout=2.0)
            await day.run(20.0)
            day.usual = day.p99()
            assert day.bad == []
            day.forget()
            yield network, day


async def test_one_node_becomes_twenty_times_slower():
    async with day() as (network, load):
        network.hosts["two"].faults = Faults(delay=10 * (WORK + 0.002))
        await load.run(40.0)
        load.was_good()


async def test_one_node_falls_silent_and_is_back():
    async with day() as (network, load):
        network.hosts["two"].faults = Faults(stalled=True)
        await load.run(20.0)
        network.hosts["two"].faults = USUAL
        await load.run(20.0)
        load.was_good()


async def test_one_node_answers_errors_fast():
    async with day() as (_, load):
        load.broken.add("two")
        await load.run(40.0)
        load.was_good()


async def test_one_node_is_killed_and_back():
    async with day() as (network, load):
        await network.hosts["two"].kill()
        await load.run(20.0)
        await network.hosts["two"].start()
        await load.run(20.0)
        load.was_good()


async def test_all_nodes_are_restarted_in_turn():
    async with day() as (network, load):
        running = asyncio.create_task(load.run(30.0))
        for name in NAMES:
            await asyncio.sleep(5.0)
            await network.hosts[name].restart()
        await running
        load.was_good()


async def test_the_registry_is_away_for_half_a_minute():
    async with day() as (network, load):
        await network.registry.kill()
        await load.run(30.0)
        await network.registry.start()
        await load.run(20.0)
        load.was_good()


async def test_one_node_is_parted_from_all_others_and_back():
    async with day() as (network, load):
        network.partition("two")
        await load.run(20.0)
        network.heal()
        await load.run(20.0)
        load.was_good()


async def test_a_part_of_all_messages_breaks_the_connection():
    async with day() as (network, load):
        for name in NAMES:
            network.hosts[name].faults = Faults(jitter=0.002, cut=0.005)
        await load.run(40.0)
        assert len(load.bad) <= 0.001 * len(load.took)
        assert load.asked <= 1.2 * len(load.took)


@pytest.mark.parametrize("fault", [Faults(cut=0.01), Faults(stalled=True)])
async def test_without_policies_callers_would_notice(fault):
    async with day(by=lambda seed: ()) as (network, load):
        network.hosts["two"].faults = fault
        await load.run(20.0)
        assert load.bad
