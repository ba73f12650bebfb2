"""A network in memory: what its hosts go through, and what those notice who call them."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from kitfox import DeadlineExceeded, Service, Unavailable, fail_after, rpc
from kitfox.balancing import RoundRobin
from kitfox.core import Unreachable
from kitfox.testing import Faults, FaultyWire, Network, virtual_time

NAMES = ("one", "two", "three")


class Who(Service):
    """Says how many calls this very object has had."""

    made = 0

    def __init__(self):
        type(self).made += 1
        self.calls = 0

    @rpc(idempotent=True)
    async def calls_so_far(self) -> int:
        self.calls += 1
        return self.calls

    @rpc
    async def wait(self) -> None:
        await asyncio.Event().wait()

    @rpc
    async def work(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"


def now():
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def three(**options):
    """Run a network with three hosts, and give it, its cluster and a client."""
    async with Network(seed=7) as network:
        for name in NAMES:
            await network.add(name, Who)
        async with network.cluster(Who, **options) as cluster:
            yield network, cluster, Who.client(cluster, timeout=2.0)


def ids(cluster):
    return {node.id for node in cluster.nodes}


async def test_calls_go_to_all_hosts():
    async with three(balancer=RoundRobin()) as (network, cluster, who):
        assert [await who.calls_so_far() for _ in range(6)] == [1, 1, 1, 2, 2, 2]
        assert ids(cluster) == set(NAMES)
        assert list(network.hosts) == ["registry", "client", *NAMES]


async def test_a_killed_host_breaks_its_calls_and_stays_known_until_its_lease_ends():
    async with three() as (network, cluster, who):
        waiting = [asyncio.create_task(who.wait()) for _ in range(12)]
        await asyncio.sleep(0.5)
        await network.hosts["two"].kill()
        await asyncio.sleep(0.5)
        broken = [call for call in waiting if call.done()]
        assert 0 < len(broken) < 12
        assert {type(call.exception()) for call in broken} == {Unavailable}
        assert ids(cluster) == set(NAMES)
        await asyncio.sleep(6.5)
        assert ids(cluster) == {"one", "three"}
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_calls_move_on_from_a_host_that_is_down():
    async with three(balancer=RoundRobin()) as (network, _, who):
        await network.hosts["two"].kill()
        assert await asyncio.gather(*(who.calls_so_far() for _ in range(30)))
        with pytest.raises(Unreachable, match="two is down"):
            await Who.client(network.connection("two")).calls_so_far()


async def test_a_host_that_is_back_runs_new_services():
    async with three() as (network, _, _):
        two = network.hosts["two"]
        direct = Who.client(network.connection("two"))
        assert [await direct.calls_so_far() for _ in range(3)] == [1, 2, 3]
        made = Who.made
        await two.kill()
        await two.start()
        assert Who.made == made + 1
        assert await direct.calls_so_far() == 1


async def test_a_host_that_stops_kindly_finishes_what_it_has_and_is_forgotten_at_once():
    async with three() as (network, cluster, _):
        two = network.hosts["two"]
        long = asyncio.create_task(Who.client(network.connection("two")).work(5.0))
        await asyncio.sleep(1.0)
        stopping = asyncio.create_task(two.stop())
        await asyncio.sleep(0.05)
        assert ids(cluster) == {"one", "three"}
        assert two.up
        assert await long == "done"
        await stopping
        assert not two.up


async def test_a_rolling_restart_costs_no_call():
    async with three() as (network, cluster, who):

        async def roll():
            for name in NAMES:
                await network.hosts[name].restart()
                await asyncio.sleep(1.0)

        rolling = asyncio.create_task(roll())
        while not rolling.done():
            assert await who.calls_so_far()
            await asyncio.sleep(0.01)
        await rolling
        assert ids(cluster) == set(NAMES)


async def test_without_its_registry_the_last_set_holds_and_later_all_are_back():
    async with three() as (network, cluster, who):
        assert await who.calls_so_far()
        await network.registry.kill()
        await asyncio.sleep(600.0)
        assert ids(cluster) == set(NAMES)
        assert await who.calls_so_far()
        await network.registry.start()
        await asyncio.sleep(30.0)
        await network.add("four", Who)
        await asyncio.sleep(0.1)
        assert ids(cluster) == {*NAMES, "four"}


async def test_between_parted_hosts_there_is_silence_and_what_waits_goes_on_when_they_meet():
    async with three() as (network, cluster, _):
        direct = Who.client(network.connection("two"))
        network.partition("two", "three")
        with pytest.raises(TimeoutError):
            async with fail_after(1.0):
                await direct.calls_so_far()
        late = asyncio.create_task(direct.calls_so_far())
        near = Who.client(network.connection("two", at="three"))
        assert await near.calls_so_far() == 1
        await asyncio.sleep(10.0)
        assert ids(cluster) == {"one"}
        assert not late.done()
        network.heal()
        assert await late == 2
        await asyncio.sleep(10.0)
        assert ids(cluster) == set(NAMES)


async def test_who_is_parted_later_dialled_is_parted_all_the_same():
    async with Network() as network:
        await network.add("one", Who)
        network.partition("one")
        with pytest.raises(DeadlineExceeded):
            await Who.client(network.connection("one"), timeout=1.0).calls_so_far()


async def test_a_slow_host_gets_few_calls():
    async with three() as (network, _, who):
        network.hosts["two"].faults = Faults(delay=0.2)
        took = Counter()
        for _ in range(300):
            begun = now()
            await who.calls_so_far()
            took[now() - begun >= 0.4] += 1
            await asyncio.sleep(0.01)
        assert took[True] <= 6


async def test_a_host_may_fail_at_its_start():
    def broken():
        raise OSError("no disk")

    async with Network() as network:
        with pytest.raises(OSError, match="no disk"):
            await network.add("one", broken)
        assert not network.hosts["one"].up
        assert repr(network.hosts["one"]) == "<Host one down>"


class Grumpy(Service):
    @rpc
    async def work(self) -> None: ...

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        raise OSError("the disk is full")


async def test_what_a_service_raises_at_its_end_is_told_by_whoever_stops_it():
    async with Network() as network:
        one = await network.add("one", Grumpy)
        with pytest.raises(OSError, match="the disk is full"):
            await one.stop()
        await one.start()
        with pytest.raises(OSError, match="the disk is full"):
            await one.kill()


async def test_leaving_a_network_kills_all_hosts_whatever_one_of_them_raises():
    with pytest.raises(OSError, match="the disk is full"):
        async with Network() as network:
            await network.add("one", Who)
            await network.add("two", Grumpy)
            await network.add("three", Who)
    assert not any(host.up for host in network.hosts.values())


async def test_who_gives_up_waiting_for_a_start_leaves_nothing_running():
    @asynccontextmanager
    async def slow():
        await asyncio.sleep(60.0)
        yield Who()

    async with Network() as network:
        with pytest.raises(TimeoutError):
            async with fail_after(1.0):
                await network.add("one", slow)
        assert not network.hosts["one"].up


async def test_deadlines_of_the_test_are_none_of_its_hosts():
    async with Network() as network:
        async with fail_after(5.0):
            await network.add("one", Who)
        await asyncio.sleep(60.0)
        async with network.cluster(Who) as cluster:
            assert await Who.client(cluster).work(10.0) == "done"


async def test_a_name_is_given_once_and_a_host_started_once():
    async with Network() as network:
        one = await network.add("one", Who)
        with pytest.raises(ValueError, match="there is a host 'one' already"):
            await network.add("one", Who)
        with pytest.raises(RuntimeError, match="one is up already"):
            await one.start()
        await one.kill()
        await one.kill()
        await one.stop()


async def test_a_host_calls_others():
    class Front(Service):
        def __init__(self, who):
            self._who = who

        @rpc
        async def ask(self) -> int:
            return await self._who.calls_so_far()

    async with three() as (network, _, _):

        @asynccontextmanager
        async def front():
            async with network.cluster(Who, at="front") as cluster:
                yield Front(Who.client(cluster))

        await network.add("front", front)
        assert await Front.client(network.connection("front")).ask() == 1
        network.hosts["front"].outward.faults = Faults(refuse=1.0)
        with pytest.raises(Unavailable):
            await Front.client(network.connection("front")).ask()


async def test_calls_to_a_host_pass_its_middleware():
    wire = FaultyWire(Faults(cut_after=0))
    async with Network() as network:
        await network.add("one", Who, middleware=[wire])
        with pytest.raises(Unavailable, match="the connection broke"):
            await Who.client(network.connection("one")).calls_so_far()


async def story(seed):
    """Tell what a client notices while things happen to the network."""
    ends = []
    async with Network(seed=seed) as network:
        for name in NAMES:
            await network.add(name, Who)
            network.hosts[name].faults = Faults(delay=0.01, jitter=0.02, cut=0.02)
        async with network.cluster(Who) as cluster:
            who = Who.client(cluster, timeout=2.0)
            for turn in range(200):
                if turn == 50:
                    await network.registry.kill()
                if turn == 100:
                    await network.hosts["two"].kill()
                (end,) = await asyncio.gather(who.calls_so_far(), return_exceptions=True)
                ends.append((repr(end), now()))
    return ends


def test_a_seed_tells_the_same_story_each_time():
    tell = virtual_time(story)
    first = tell(1)
    assert tell(1) == first
    assert tell(2) != first
    assert any("broke" in end for end, _ in first)
