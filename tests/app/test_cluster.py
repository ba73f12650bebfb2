"""Many instances as one connection: which of them a call goes to, and what it outlives."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from kitfox import Service, Unavailable, fail_after, rpc
from kitfox.app import Cluster, dial
from kitfox.balancing import RoundRobin
from kitfox.core import Unreachable
from kitfox.net import HTTPClient
from kitfox.registry import Instance, MemoryRegistry
from kitfox.resilience import State, Trip, WindowBreaker, breaker
from kitfox.transports.http import HTTP
from kitfox.transports.memory import Memory


class Who(Service):
    """Says which instance answered."""

    def __init__(self, name):
        self.name = name
        self.go = asyncio.Event()
        self.go.set()

    @rpc
    async def name_of(self) -> str:
        await self.go.wait()
        return self.name

    @rpc
    async def fail(self) -> str:
        text = f"{self.name} is busy"
        raise Unavailable(text)

    @rpc
    async def count(self) -> AsyncIterator[int]:
        for number in range(3):
            yield number
            await self.go.wait()


def instance(name, *addresses, **said):
    return Instance("Who", name, addresses or (f"memory:{name}",), **said)


class Town:
    """Some instances in this process, and the places where they are dialled."""

    def __init__(self):
        self.registry = MemoryRegistry()
        self.wires = {}
        self.services = {}
        self.dialled = []

    def settle(self, name):
        self.services[name] = Who(name)
        self.wires[f"memory:{name}"] = Memory()
        return self.wires[f"memory:{name}"].listen(self.services[name].routes())

    def dial(self, address):
        self.dialled.append(address)
        if address not in self.wires:
            raise ValueError(f"{address} is no address")
        return self.wires[address]

    def cluster(self, resolver=None, **options):
        resolver = resolver or self.registry
        return Cluster("Who", resolver=resolver, dial=self.dial, schemes=["memory"], **options)


class Told:
    """A resolver that a test tells what to say; an exception is raised, None ends the watch."""

    def __init__(self):
        self.said = asyncio.Queue()
        self.watches = 0

    async def watch(self, service):
        self.watches += 1
        while (news := await self.said.get()) is not None:
            if isinstance(news, Exception):
                raise news
            yield frozenset(news)

    def say(self, news):
        self.said.put_nowait(news)


@pytest.fixture
async def town():
    return Town()


@pytest.fixture
def eventually():
    async def wait(holds):
        async with fail_after(5):
            while not holds():
                await asyncio.sleep(0)

    return wait


async def eventually_known(cluster, count):
    async with fail_after(5):
        while len(cluster.nodes) != count:
            await asyncio.sleep(0)


async def told_all(told):
    async with fail_after(5):
        while told.said.qsize():
            await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_calls_go_to_each_instance_in_turn(town):
    cluster = town.cluster(balancer=RoundRobin())
    async with town.settle("a"), town.settle("b"), town.settle("c"), cluster:
        for name in "abc":
            await town.registry.register(instance(name))
        who = Who.client(cluster)
        await eventually_known(cluster, 3)
        names = Counter([await who.name_of() for _ in range(30)])
    assert names == {"a": 10, "b": 10, "c": 10}


async def test_a_call_waits_for_the_first_set_and_then_none(town):
    told = Told()
    async with town.settle("a"), town.cluster(told) as cluster:
        early = asyncio.create_task(Who.client(cluster).name_of())
        await asyncio.sleep(0)
        assert not early.done()
        told.say([instance("a")])
        assert await early == "a"
        told.say([])
        await eventually_known(cluster, 0)
        with pytest.raises(Unavailable, match="no instance of Who is known"):
            await Who.client(cluster).name_of()


async def test_a_wait_for_the_first_set_ends_with_the_call_s_deadline_or_the_cluster(town):
    async with town.cluster(Told()) as cluster:
        with pytest.raises(TimeoutError):
            await Who.client(cluster, timeout=0.01).name_of()
        waiting = asyncio.create_task(Who.client(cluster).name_of())
        await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="no instance"):
        await waiting


async def test_a_cluster_that_nobody_opened_says_so(town):
    with pytest.raises(RuntimeError, match="enter it with `async with`"):
        await Who.client(town.cluster()).name_of()


async def test_a_call_moves_on_from_instances_that_cannot_be_reached(town):
    told = Told()
    town.wires["memory:dead"] = Memory()  # nobody listens there
    async with town.settle("a"), town.cluster(told) as cluster:
        told.say([instance("a"), instance("dead")])
        assert [await Who.client(cluster).name_of() for _ in range(6)] == ["a"] * 6
        told.say([instance("dead")])
        await eventually_known(cluster, 1)
        with pytest.raises(Unreachable, match="nobody listens"):
            await Who.client(cluster).name_of()


async def test_who_cannot_be_reached_is_ejected_and_its_breaker_has_no_part_in_it(town):
    told, breakers = Told(), {}

    def guard(node):
        breakers[node.id] = WindowBreaker(Trip(streak=1))
        return breaker(breakers[node.id])

    town.wires["memory:dead"] = Memory()  # nobody listens there
    async with town.settle("a"), town.settle("b"), town.cluster(told, guard=guard) as cluster:
        told.say([instance("a"), instance("b"), instance("dead")])
        assert "dead" not in [await Who.client(cluster).name_of() for _ in range(60)]
        ejected = [node.id for node in cluster.nodes if node.ejections]
    assert ejected == ["dead"]
    assert (breakers["dead"].state, breakers["dead"].counts) == (State.CLOSED, (0, 0, 0, 0))


async def test_a_failure_of_the_instance_itself_is_the_caller_s_to_know(town):
    told = Told()
    async with town.settle("a"), town.settle("b"), town.cluster(told) as cluster:
        told.say([instance("a"), instance("b")])
        with pytest.raises(Unavailable, match="is busy"):
            await Who.client(cluster).fail()


async def test_who_stays_keeps_its_node_and_its_connection(town):
    told = Told()
    async with town.settle("a"), town.settle("b"), town.cluster(told) as cluster:
        told.say([instance("a")])
        await eventually_known(cluster, 1)
        (before,) = cluster.nodes
        told.say([instance("a", weight=5), instance("b")])
        await eventually_known(cluster, 2)
        assert cluster.nodes[0] is before
        assert before.weight == 5
        assert town.dialled == ["memory:a", "memory:b"]


async def test_who_moves_is_dialled_again(town):
    told = Told()
    async with town.settle("a"), town.settle("b"), town.cluster(told) as cluster:
        told.say([instance("x", "memory:a")])
        assert await Who.client(cluster).name_of() == "a"
        told.say([instance("x", "memory:b")])
        await told_all(told)
        assert await Who.client(cluster).name_of() == "b"


async def test_an_instance_that_leaves_breaks_no_call_that_runs_on_it(town, eventually):
    told = Told()
    async with town.settle("a"), town.settle("b"), town.cluster(told) as cluster:
        told.say([instance("a")])
        town.services["a"].go.clear()
        running = asyncio.create_task(Who.client(cluster).name_of())
        await eventually(lambda: cluster.nodes and cluster.nodes[0].in_flight)
        told.say([instance("b")])
        await eventually(lambda: [node.id for node in cluster.nodes] == ["b"])
        town.services["a"].go.set()
        assert await running == "a"
        assert await Who.client(cluster).name_of() == "b"


async def test_a_stream_is_in_flight_until_it_ends(town, eventually):
    told = Told()
    async with town.settle("a"), town.cluster(told) as cluster:
        told.say([instance("a")])
        town.services["a"].go.clear()
        stream = Who.client(cluster).count()
        assert await anext(stream) == 0
        (node,) = cluster.nodes
        assert node.in_flight == 1
        town.services["a"].go.set()
        assert [number async for number in stream] == [1, 2]
        await eventually(lambda: node.in_flight == 0)


@pytest.mark.parametrize("news", [ValueError("the registry fell over"), None])
async def test_a_watch_that_fails_or_ends_is_begun_again_and_the_last_set_holds(
    town, news, eventually
):
    told = Told()
    async with (
        town.settle("a"),
        town.settle("b"),
        town.cluster(told, watch_again=0.01) as cluster,
    ):
        told.say([instance("a")])
        assert await Who.client(cluster).name_of() == "a"
        told.say(news)
        await eventually(lambda: told.watches == 2)
        assert await Who.client(cluster).name_of() == "a"
        told.say([instance("b")])
        await eventually(lambda: [node.id for node in cluster.nodes] == ["b"])


async def test_a_first_watch_that_fails_is_begun_again_too(town):
    told = Told()
    told.say(OSError("not yet"))
    told.say([instance("a")])
    async with town.settle("a"), town.cluster(told, watch_again=0.01) as cluster:
        assert await Who.client(cluster).name_of() == "a"


async def test_instances_that_cannot_be_dialled_cost_the_others_nothing(town, caplog):
    told = Told()
    async with town.settle("a"), town.cluster(told) as cluster:
        told.say(
            [
                instance("a"),
                instance("wrong", "memory:nowhere"),
                instance("other", "grpc://elsewhere:1"),
                instance("homeless", ""),
            ]
        )
        assert await Who.client(cluster).name_of() == "a"
        assert [node.id for node in cluster.nodes] == ["a"]
    assert "instance wrong of Who is left out: memory:nowhere is no address" in caplog.text


async def test_the_first_address_that_can_be_dialled_is(town):
    told = Told()
    async with town.settle("a"), town.cluster(told) as cluster:
        told.say([instance("a", "grpc://elsewhere:1", "memory:a")])
        assert await Who.client(cluster).name_of() == "a"


@pytest.mark.parametrize("address", [":0", "unix"])
async def test_real_instances_are_dialled_by_their_urls(address, tmp_path):
    registry = MemoryRegistry()
    address = f"unix:{tmp_path / 'who.sock'}" if address == "unix" else address
    async with (
        fail_after(10),
        HTTPClient() as client,
        HTTP(address).listen(Who("a").routes()) as url,
    ):
        await registry.register(Instance("Who", "a", ("ftp://x", url)))
        await registry.register(Instance("Who", "b", (url,)))
        async with Cluster("Who", resolver=registry, dial=lambda u: dial(u, client)) as cluster:
            assert await Who.client(cluster).name_of() == "a"


class Wire(Memory):
    """A connection that holds something of its own."""

    def __init__(self):
        super().__init__()
        self.closed = asyncio.Event()

    async def aclose(self):
        self.closed.set()


@pytest.fixture
async def wires():
    """Two instances' wires, and the registry that knows the first."""
    wires, registry = {"memory:a": Wire(), "memory:b": Wire()}, MemoryRegistry()
    await registry.register(Instance("Who", "a", ("memory:a",)))
    cluster = Cluster(
        "Who", resolver=registry, dial=wires.__getitem__, schemes=("memory",), watch_again=0.0
    )
    async with fail_after(10):
        yield wires, registry, cluster


async def test_the_connection_to_who_leaves_is_closed_after_its_last_call(wires):
    (one, two), (registry, cluster) = wires[0].values(), wires[1:]
    slow = Who("a")
    slow.go.clear()
    async with one.listen(slow.routes()), two.listen(Who("b").routes()), cluster:
        call = asyncio.create_task(Who.client(cluster).name_of())
        while not any(node.in_flight for node in cluster.nodes):
            await asyncio.sleep(0)
        await registry.register(Instance("Who", "b", ("memory:b",)))
        await registry.deregister(Instance("Who", "a"))
        while [node.id for node in cluster.nodes] != ["b"]:
            await asyncio.sleep(0)
        assert not one.closed.is_set()
        slow.go.set()
        assert await call == "a"
        await one.closed.wait()
        assert not two.closed.is_set()
    assert two.closed.is_set()


async def test_a_cluster_that_is_left_closes_what_calls_still_run_on(wires):
    (one, _), (registry, cluster) = wires[0].values(), wires[1:]
    slow = Who("a")
    slow.go.clear()
    async with one.listen(slow.routes()):
        async with cluster:
            call = asyncio.create_task(Who.client(cluster).name_of())
            while not any(node.in_flight for node in cluster.nodes):
                await asyncio.sleep(0)
            await registry.deregister(Instance("Who", "a"))
            while cluster.nodes:
                await asyncio.sleep(0)
        assert one.closed.is_set()
        call.cancel()
        await asyncio.wait([call])


async def test_the_wire_that_the_cluster_likes_best_is_taken():
    registry, dialled = MemoryRegistry(), []

    def dial(url):
        dialled.append(url)
        return Memory()

    await registry.register(Instance("Who", "a", ("http://a", "ftp://a", "rpc://a")))
    async with (
        fail_after(10),
        Cluster("Who", resolver=registry, dial=dial, schemes=("rpc", "http")) as cluster,
    ):
        with pytest.raises(Unreachable):
            await Who.client(cluster).name_of()
    assert dialled == ["rpc://a"]
