"""Which instances a cluster gives its calls to, and what it learns from them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from math import inf

import pytest

from kitfox import Call, Internal, Service, Unavailable, fail_after, methods_of, rpc
from kitfox.app import Cluster
from kitfox.balancing import Among, ConsistentHash, Outliers, Prefer, RoundRobin, Subset, by_field
from kitfox.registry import Instance
from kitfox.transports.memory import Memory


class Who(Service):
    """Says which instance answered, if it does."""

    def __init__(self, name):
        self.name = name
        self.broken = False
        self.busy = False
        self.called = 0
        self.go = asyncio.Event()
        self.go.set()

    @rpc(idempotent=True)
    async def name_of(self, about: str = "") -> str:
        self.called += 1
        if self.broken:
            raise Internal(self.name)
        if self.busy:
            raise Unavailable(self.name, details={"retry_after": 1.0})
        await self.go.wait()
        return self.name

    @rpc
    async def names(self) -> AsyncIterator[str]:
        yield self.name
        await self.go.wait()


class Wire(Memory):
    """A connection that tells when it is closed."""

    def __init__(self):
        super().__init__()
        self.closed = asyncio.Event()

    async def aclose(self):
        self.closed.set()


class Town:
    """Instances a, b and c in this process, and what a cluster is told of them."""

    def __init__(self, stack):
        self._stack = stack
        self._told = asyncio.Queue()
        self.services = {}
        self.wires = {}

    async def settle(self, names):
        for name in names:
            self.services[name] = Who(name)
            self.wires[f"memory:{name}"] = Wire()
            routes = self.services[name].routes()
            await self._stack.enter_async_context(self.wires[f"memory:{name}"].listen(routes))

    async def watch(self, service):
        while True:
            yield await self._told.get()

    def tell(self, *instances):
        self._told.put_nowait(frozenset(instances))

    async def told(self, *instances):
        """Tell, and wait until the cluster has heard."""
        self.tell(*instances)
        async with fail_after(5):
            while not self._told.empty():
                await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def cluster(self, *instances, **options):
        """Open a cluster that knows these instances."""
        cluster = Cluster(
            "Who", resolver=self, dial=self.wires.__getitem__, schemes=["memory"], **options
        )
        await self._stack.enter_async_context(cluster)
        await self.told(*instances)
        return cluster


def instance(name, address="", **said):
    return Instance("Who", name, (f"memory:{address or name}",), **said)


A, B, C = instance("a"), instance("b"), instance("c")


@pytest.fixture
async def town():
    async with fail_after(20), AsyncExitStack() as stack:
        town = Town(stack)
        await town.settle("abc")
        yield town


async def until(holds):
    async with fail_after(5):
        while not holds():
            await asyncio.sleep(0)


async def answers(cluster, times=30):
    """Call so often; count the answers by name, errors as their codes."""
    who, heard = Who.client(cluster), Counter()
    for _ in range(times):
        try:
            heard[await who.name_of()] += 1
        except (Internal, Unavailable) as error:
            heard[error.code.word] += 1
    return heard


def a_call():
    method = methods_of(Who)["name_of"]
    return Call(method), method.request()


async def test_a_call_notes_the_node_it_was_given_to(town):
    cluster = await town.cluster(A, B)
    call, message = a_call()
    reply = await cluster.endpoint(call.method)(call, message)
    assert call.tried == (reply.value,)


async def test_a_further_attempt_goes_to_another_node_while_there_is_one(town):
    cluster = await town.cluster(A, B, C)
    for _ in range(20):
        call, message = a_call()
        for _ in range(3):
            call = call.again(deadline=None)
            await cluster.endpoint(call.method)(call, message)
        assert set(call.tried) == {"a", "b", "c"}
        await cluster.endpoint(call.method)(call, message)
        assert len(call.tried) == 4


async def test_a_node_that_fails_is_ejected_and_shown_to_be(town):
    cluster = await town.cluster(A, B, C)
    town.services["a"].broken = True
    heard = await answers(cluster, 300)
    now = asyncio.get_running_loop().time()
    assert heard["internal"] == 5
    assert [node.id for node in cluster.nodes if node.ejected_until > now] == ["a"]
    assert [node.streak for node in cluster.nodes] == [5, 0, 0]


async def test_without_outliers_it_is_asked_again_and_again(town):
    cluster = await town.cluster(A, B, balancer=RoundRobin(), among=Among(outliers=None))
    town.services["a"].broken = True
    assert (await answers(cluster))["internal"] == 15


async def test_a_black_hole_is_found_by_the_deadlines_that_pass(town):
    cluster = await town.cluster(A, B, balancer=RoundRobin())
    town.services["a"].go.clear()
    who = Who.client(cluster, timeout=0.2)
    late = 0
    for _ in range(30):
        try:
            assert await who.name_of() == "b"
        except TimeoutError:
            late += 1
    assert late == 5


async def test_a_node_that_says_when_to_come_back_is_left_alone_but_not_ejected(town):
    cluster = await town.cluster(A, B)
    town.services["a"].busy = True
    heard = await answers(cluster, 300)
    node = cluster.nodes[0]
    assert (node.healthy, node.streak, node.ejections) == (False, 0, 0)
    assert heard["unavailable"] < 20


async def test_when_all_nodes_fail_alike_none_is_ejected(town):
    cluster = await town.cluster(A, B, C, balancer=RoundRobin())
    for service in town.services.values():
        service.broken = True
    assert await answers(cluster, 100) == {"internal": 100}
    assert [node.ejections for node in cluster.nodes] == [0, 0, 0]


async def test_only_who_joins_later_starts_slowly(town):
    cluster = await town.cluster(A, B)
    await town.told(A, B, C)
    now = asyncio.get_running_loop().time()
    assert [node.since > now - 5.0 for node in cluster.nodes] == [False, False, True]
    heard = await answers(cluster, 300)
    assert 0 < heard["c"] < 60


async def test_a_caller_that_gives_up_does_not_speak_against_the_node(town):
    cluster = await town.cluster(A)
    town.services["a"].go.clear()
    for count in range(1, 10):
        call = asyncio.create_task(Who.client(cluster, timeout=10.0).name_of())
        await until(lambda count=count: town.services["a"].called == count)
        call.cancel()
        await asyncio.wait([call])
    (node,) = cluster.nodes
    assert (node.streak, node.faults, node.success, node.in_flight) == (0, 0, 1.0, 0)


async def test_a_node_s_latency_is_that_of_its_calls_but_not_of_streams(town):
    cluster = await town.cluster(A)
    (node,) = cluster.nodes
    assert [name async for name in Who.client(cluster).names()] == ["a"]
    await until(lambda: not node.in_flight)
    assert node.warm_at < inf
    assert node.latency == 0.0
    await answers(cluster, 1)
    assert node.latency > 0.0


async def test_a_draining_instance_gets_no_new_calls_and_keeps_its_old_ones(town):
    cluster = await town.cluster(A)
    town.services["a"].go.clear()
    running = asyncio.create_task(Who.client(cluster).name_of())
    await until(lambda: town.services["a"].called)
    await town.told(instance("a", weight=0), B)
    assert await answers(cluster) == {"b": 30}
    assert [(node.id, node.draining) for node in cluster.nodes] == [("a", True), ("b", False)]
    town.services["a"].go.set()
    assert await running == "a"
    assert not town.wires["memory:a"].closed.is_set()


async def test_when_all_instances_drain_the_caller_is_told_so(town):
    cluster = await town.cluster(instance("a", weight=0), instance("b", weight=0))
    with pytest.raises(Unavailable, match="every instance of Who is draining; there are 2"):
        await Who.client(cluster).name_of()


async def test_a_client_of_a_subset_knows_no_others_but_those_that_drain(town):
    subset = Subset(1, client=0)
    cluster = await town.cluster(A, B, C, among=Among(subset=subset))
    (ours,) = subset.of("abc")
    assert [node.id for node in cluster.nodes] == [ours]
    assert await answers(cluster) == {ours: 30}
    await town.told(*(instance(name, weight=int(name != ours)) for name in "abc"))
    (other,) = subset.of({*"abc"} - {ours})
    assert await answers(cluster) == {other: 30}
    assert {node.id for node in cluster.nodes} == {ours, other}


async def test_near_instances_are_called_and_far_ones_when_those_are_gone(town):
    far = instance("b", metadata={"zone": "b"})
    among = Among(prefer=Prefer({"zone": "a"}))
    cluster = await town.cluster(instance("a", metadata={"zone": "a"}), far, among=among)
    assert await answers(cluster) == {"a": 30}
    await town.told(far)
    assert await answers(cluster) == {"b": 30}


async def test_what_an_instance_says_may_change(town):
    among = Among(prefer=Prefer({"zone": "a"}))
    cluster = await town.cluster(A, B, among=among)
    await town.told(A, instance("b", metadata={"zone": "a"}, weight=3))
    assert await answers(cluster) == {"b": 30}
    assert cluster.nodes[1].weight == 3


async def test_the_same_argument_finds_the_same_instance(town):
    cluster = await town.cluster(A, B, C, balancer=ConsistentHash(by_field("about")))
    who = Who.client(cluster)
    homes = {key: {await who.name_of(key) for _ in range(5)} for key in map(str, range(30))}
    assert all(len(names) == 1 for names in homes.values())
    assert set.union(*homes.values()) == {"a", "b", "c"}


class Gate:
    """A guard that lets no call through to the nodes in `shut`."""

    def __init__(self, shut):
        self.shut = shut
        self.passed = Counter()

    def __call__(self, node):
        def middleware(endpoint):
            async def pass_gate(call, message):
                if node.id in self.shut:
                    raise Unavailable(f"{node.id} is shut")
                self.passed[node.id] += 1
                return await endpoint(call, message)

            return pass_gate

        return middleware


async def test_a_call_that_a_node_s_guard_keeps_goes_to_another_node(town):
    gate = Gate("a")
    cluster = await town.cluster(A, B, guard=gate)
    assert await answers(cluster) == {"b": 30}
    assert gate.passed == {"b": 30}
    node = cluster.nodes[0]
    assert (node.faults, node.good, node.in_flight, node.picked_at > 0) == (0, 0, 0, True)


async def test_a_kept_call_has_not_tried_the_node(town):
    cluster = await town.cluster(A, B, guard=Gate("a"))
    call, message = a_call()
    await cluster.endpoint(call.method)(call, message)
    assert call.tried == ("b",)


async def test_when_all_guards_keep_it_the_caller_is_told_why(town):
    cluster = await town.cluster(A, B, guard=Gate("ab"))
    with pytest.raises(Unavailable, match="is shut"):
        await Who.client(cluster).name_of()


async def test_what_fails_behind_a_guard_is_not_tried_elsewhere(town):
    cluster = await town.cluster(A, B, guard=Gate(""), among=Among(outliers=None))
    town.services["a"].broken = town.services["b"].broken = True
    assert await answers(cluster, 10) == {"internal": 10}
    assert town.services["a"].called + town.services["b"].called == 10


async def test_an_instance_that_is_back_is_known_and_welcome(town):
    cluster = await town.cluster(A, B, among=Among(outliers=Outliers(streak=1)))
    before = cluster.nodes[0]
    town.services["a"].broken = True
    await answers(cluster, 100)
    assert before.ejections == 1
    await town.told(B)
    assert [node.id for node in cluster.nodes] == ["b"]
    town.services["a"].broken = False
    await town.told(A, B)
    assert cluster.nodes[0] is before
    assert (before.ejections, before.streak, before.healthy) == (1, 0, True)
    assert before.since > 0
    assert (await answers(cluster, 300))["a"] > 0


async def test_an_instance_that_flaps_loses_no_call(town):
    cluster = await town.cluster(A, B)
    for _ in range(20):
        await town.told(B)
        assert await answers(cluster, 3) == {"b": 3}
        await town.told(A)
        assert await answers(cluster, 3) == {"a": 3}


async def test_an_instance_at_another_address_is_another(town):
    cluster = await town.cluster(A, B)
    before = cluster.nodes[0]
    await town.told(instance("a", "c"), B)
    assert cluster.nodes[0] is not before
    assert cluster.nodes[0].address == "memory:c"


async def test_a_former_connection_is_closed_after_its_own_last_call(town):
    cluster = await town.cluster(A)
    (node,) = cluster.nodes
    former, town.wires["memory:a"] = town.wires["memory:a"], Wire()
    town.services["a"].go.clear()
    old = asyncio.create_task(Who.client(cluster).name_of())
    await until(lambda: node.in_flight == 1)
    await town.told()
    await town.told(A)
    slow = Who("a")
    slow.go.clear()
    async with town.wires["memory:a"].listen(slow.routes()):
        new = asyncio.create_task(Who.client(cluster).name_of())
        await until(lambda: node.in_flight == 2)
        town.services["a"].go.set()
        assert await old == "a"
        await former.closed.wait()
        slow.go.set()
        assert await new == "a"
    assert not town.wires["memory:a"].closed.is_set()
