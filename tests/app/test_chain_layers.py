"""What stands in the chains without a word, and what a table puts there, each in its place."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from kitfox.app import ClientChain, Policies, Server, ServerChain
from kitfox.balancing import Node
from kitfox.core import (
    DeadlineExceeded,
    RPCError,
    Service,
    Through,
    Unavailable,
    rpc,
    served_call,
)
from kitfox.resilience import criticality_of
from kitfox.scope import fail_after
from kitfox.testing import virtual_time
from kitfox.transports.memory import Memory


class Work(Service, name="acme.v1.Work"):
    """Takes as many seconds as it is told to, the first ones first."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)
        self.begun = 0

    @rpc(idempotent=True)
    async def do(self) -> None:
        """Work."""
        self.begun += 1
        await asyncio.sleep(self.seconds.pop(0) if self.seconds else 0.0)

    @rpc(idempotent=True)
    async def results(self) -> AsyncIterator[int]:
        """Work on and on, and show nothing."""
        await asyncio.sleep(9.0)
        yield 1

    @rpc
    async def block(self) -> None:
        """Work without letting others work."""
        time.sleep(0.06)

    @rpc
    async def how_critical(self) -> str:
        """Return how critical this call is."""
        return criticality_of(served_call()).value


class Edge(Service, name="acme.v1.Edge"):
    def __init__(self, work: Work) -> None:
        self._work = work

    @rpc
    async def how_critical(self) -> str:
        """Return how critical its own call is."""
        return await self._work.how_critical()


class Behind:
    """A connection to a service in the same process, through middleware."""

    def __init__(self, service, middleware=lambda endpoint: endpoint):
        self._routes = service.routes()
        self._middleware = middleware

    def endpoint(self, method):
        return self._middleware(self._routes[method])


def read(**fields):
    return Policies.read(fields)


@pytest.fixture
def marked(saying):
    """`marked("sheddable")`: a middleware with which every call says how critical it is."""
    return partial(saying, "kitfox-criticality")


@pytest.fixture
def sheddable(marked):
    return marked("sheddable")


async def test_a_handlers_calls_are_as_critical_as_the_call_it_serves(sheddable):
    near, far = Memory(), Memory()
    edge = Edge(Work.client(ClientChain().through(far)))
    async with fail_after(10), near.listen(edge.routes()), far.listen(Work().routes()):
        assert await Edge.client(Through(near, sheddable)).how_critical() == "sheddable"
        assert await Edge.client(near).how_critical() == "default"


@pytest.mark.parametrize(("retries", "attempts"), [({}, 2), ({"budget": 0, "floor": 0}, 1)])
@virtual_time
async def test_hedges_are_made_if_asked_for_and_from_the_budget_of_retries(retries, attempts):
    work = Work(0.001, 0.5)
    chain = ClientChain(read(hedge={"calls": 1}, retry=retries))
    client = Work.client(chain.through(Behind(work)))
    await client.do()
    await client.do()
    assert work.begun == 1 + attempts


async def test_an_instance_has_a_breaker_of_its_own_if_that_is_asked_for():
    assert ClientChain().guard("acme.v1.Work") is None
    chain = ClientChain(read(instance_breaker={"streak": 2}))
    guard, work = chain.guard("acme.v1.Work"), Work()
    nodes = {name: Behind(work, guard(Node(name))) for name in ("sick", "well")}
    chain.breakers["acme.v1.Work/sick"].open()
    with pytest.raises(Unavailable, match="not sent"):
        await Work.client(nodes["sick"]).do()
    await Work.client(nodes["well"]).do()
    assert list(chain.breakers) == ["acme.v1.Work/sick", "acme.v1.Work/well"]


@virtual_time
async def test_the_longest_deadline_holds_for_the_wait_in_the_queue_too():
    chain = ServerChain(read(maximum="1s", bulkhead={"limit": 1, "queue": 1}))
    wire = Memory()
    async with Server(Work(9.0, 9.0), listeners=[wire], policies=chain).running():
        client = Work.client(wire)
        first = asyncio.create_task(client.do())
        await asyncio.sleep(0.5)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(DeadlineExceeded):
            await client.do()
        assert asyncio.get_running_loop().time() == pytest.approx(begun + 1.0)
        with pytest.raises(DeadlineExceeded):
            await first


async def refusals(calls):
    """Return how many were refused because there was too much to do."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    errors = [error for error in ended if isinstance(error, RPCError)]
    return sum(error.details.get("reason") == "overload" for error in errors)


async def test_a_server_sheds_when_its_loop_is_late(sheddable):
    wire = Memory()
    async with fail_after(20), Server(Work(), listeners=[wire], policies=ServerChain()).running():
        client = Work.client(Through(wire, sheddable))
        while not await refusals(client.block() for _ in range(10)):
            pass


@virtual_time
async def test_a_server_sheds_when_the_queue_of_its_bulkhead_is_long(sheddable):
    chain = ServerChain(read(bulkhead={"limit": 1, "queue": 1000}))
    wire = Memory()
    async with Server(Work(*[0.1] * 200), listeners=[wire], policies=chain).running():
        client = Work.client(Through(wire, sheddable))
        calls = []
        for _ in range(200):  # four times too many, for four seconds; the queue has room for all
            calls.append(asyncio.create_task(client.do()))
            await asyncio.sleep(0.02)
        assert await refusals(calls) > 0


async def test_strangers_are_no_more_critical_than_a_table_lets_them_be(marked):
    wire, chain = Memory(), ServerChain(read(shed={"highest": "default"}))
    async with fail_after(10), Server(Work(), listeners=[wire], policies=chain).running():
        assert await Work.client(Through(wire, marked("critical"))).how_critical() == "default"
    chain = ServerChain()
    async with fail_after(10), Server(Work(), listeners=[wire], policies=chain).running():
        assert await Work.client(Through(wire, marked("critical"))).how_critical() == "critical"


@pytest.mark.parametrize("field", ["deadline", "maximum"])
@virtual_time
async def test_a_stream_has_a_limit_only_if_its_own_table_says_so(field):
    for name, limited in (("acme.v1.Work", False), ("acme.v1.Work/Results", True)):
        policies, wire = Policies.read({name: {field: "1s"}}), Memory()
        async with Server(Work(), listeners=[wire], policies=ServerChain(policies)).running():
            results = Work.client(ClientChain(policies).through(wire)).results()
            if limited:
                with pytest.raises(DeadlineExceeded):
                    await anext(results)
            else:
                assert await anext(results) == 1
                await results.aclose()


@virtual_time
async def test_a_fallback_comes_when_its_part_of_the_time_is_over():
    said = {"fallback": {"share": 0.5}, "retry": False}
    chain = ClientChain(Policies.read({"acme.v1.Work/Do": said}))
    await Work.client(chain.through(Behind(Work(9.0))), timeout=4.0).do()
    assert asyncio.get_running_loop().time() == pytest.approx(2.0)


@pytest.mark.parametrize("announce", [True, False])
async def test_replies_tell_what_is_left_of_a_limit_if_a_table_says_so(announce):
    heard = []

    def listening(endpoint):
        async def call_heard(call, message):
            reply = await endpoint(call, message)
            heard.append("ratelimit" in call.reply_metadata)
            return reply

        return call_heard

    wire, chain = Memory(), ServerChain(read(rate_limit={"rate": 9.0, "announce": announce}))
    async with fail_after(10), Server(Work(), listeners=[wire], policies=chain).running():
        await Work.client(Through(wire, listening)).do()
    assert heard == [announce]
