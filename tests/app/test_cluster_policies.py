"""Where calls go, as policies say it."""

from contextlib import AsyncExitStack

from kitfox.app import ClientChain, Cluster, Policies, Server
from kitfox.balancing import ConsistentHash, Node, Outliers, Subset
from kitfox.core import Call, Metadata, Service, methods_of, rpc
from kitfox.registry import MemoryRegistry
from kitfox.scope import fail_after
from kitfox.transports.msgpack import RPC, RPCConnection


def read(**fields: object) -> Policies:
    return Policies.read(fields)


class Place(Service, name="acme.v1.Place"):
    def __init__(self, zone: str) -> None:
        self._zone = zone

    @rpc
    async def zone(self) -> str:
        """Return where it is."""
        return self._zone


def test_a_cluster_picks_among_what_is_said():
    chain = ClientChain(
        Policies.read(
            {
                "outliers": {"streak": 3, "base": "10s"},
                "acme.v1.Desk": {
                    "outliers": False,
                    "prefer": {"levels": [{"zone": "a"}]},
                    "subset": {"size": 20, "client": 7},
                },
                "acme.v1.Till": {"subset": {"size": 3}},
            }
        ),
        draw=lambda: 0.5,
    )
    usual, desk = chain.among("other.Service"), chain.among("acme.v1.Desk")
    assert usual.outliers == Outliers(streak=3, base=10.0)
    assert (usual.prefer, usual.subset) == (None, None)
    assert (desk.outliers, desk.subset) == (None, Subset(20, 7))
    near, far = Node("near", metadata={"zone": "a"}), Node("far", metadata={"zone": "b"})
    assert desk.prefer.levels([near, far], [near, far])[0].nodes == [near]
    assert chain.among("acme.v1.Till").subset == Subset(3, 1 << 31)


def test_a_process_has_one_number_among_the_clients_of_a_subset():
    draws = iter([0.25])
    chain = ClientChain(read(subset={"size": 3}), draw=lambda: next(draws))
    assert chain.among("a.B").subset == chain.among("c.D").subset == Subset(3, 1 << 30)


def test_calls_with_the_same_key_go_to_the_same_node():
    said = {"consistent_hash": "metadata:Tenant", "room": 2}
    balancer = ClientChain(read(balancer=said)).balancer("acme.v1.Desk")
    assert isinstance(balancer, ConsistentHash)
    nodes = [Node(f"node-{number}") for number in range(5)]
    method = methods_of(Place)["zone"]

    def picked(tenant):
        call = Call(method, metadata=Metadata({"tenant": tenant}))
        return balancer.pick(nodes, call, None, 0.0)

    assert all(picked("acme") is picked("acme") for _ in range(5))
    assert len({picked(f"tenant {number}") for number in range(50)}) == 5


async def test_calls_go_to_the_instances_that_say_they_are_near():
    registry = MemoryRegistry()
    chain = ClientChain(read(prefer={"levels": [{"zone": "a"}]}))
    async with AsyncExitStack() as stack, fail_after(10):
        for zone in ("b", "a", "c"):
            server = Server(
                Place(zone),
                listeners=[RPC(":0")],
                registrar=registry,
                metadata={"zone": zone},
                notice=0,
            )
            await stack.enter_async_context(server.running())
        cluster = Cluster(
            "acme.v1.Place",
            resolver=registry,
            dial=RPCConnection,
            schemes=["rpc"],
            among=chain.among("acme.v1.Place"),
        )
        place = Place.client(chain.through(await stack.enter_async_context(cluster)))
        assert {await place.zone() for _ in range(20)} == {"a"}
