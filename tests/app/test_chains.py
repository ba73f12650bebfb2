import asyncio

import pytest

from kitfox.app import ClientChain, ConfigError, Policies, Server, ServerChain
from kitfox.core import (
    DeadlineExceeded,
    ResourceExhausted,
    Service,
    Through,
    Unavailable,
    rpc,
    served_call,
)
from kitfox.resilience import State
from kitfox.schema import Reflection
from kitfox.scope import current_deadline, fail_after
from kitfox.transports.memory import Memory


class Desk(Service, name="acme.v1.Desk"):
    def __init__(self) -> None:
        self.asked = 0
        self.failures = 0
        self.entered = asyncio.Event()
        self.open = asyncio.Event()

    @rpc(idempotent=True)
    async def look(self) -> int:
        """Look something up."""
        self.asked += 1
        if self.asked <= self.failures:
            raise Unavailable("not now")
        return self.asked

    @rpc
    async def book(self) -> int:
        """Book something, once."""
        return await self.look()

    @rpc
    async def left(self) -> float | None:
        """Return how much time there is."""
        deadline = current_deadline()
        return None if deadline is None else deadline.remaining()

    @rpc
    async def wait(self) -> None:
        """Wait until the desk is open."""
        self.entered.set()
        await self.open.wait()

    @rpc
    async def who(self) -> str:
        """Return who calls."""
        call = served_call()
        return "" if call is None else call.identity


def read(**fields: object) -> Policies:
    return Policies.read(fields)


@pytest.fixture
async def desk():
    async with fail_after(10):
        yield Desk()


@pytest.fixture
def client_of(desk):
    """`client_of(desk's chain)`: a client in the same process, and nothing at the server."""
    return lambda chain: Desk.client(chain.through(InProcess(desk)))


class InProcess:
    def __init__(self, service):
        self._routes = service.routes()

    def endpoint(self, method):
        return self._routes[method]


async def test_a_client_tries_an_idempotent_call_again_by_default(desk, client_of):
    desk.failures = 1
    assert await client_of(ClientChain()).look() == 2


async def test_a_client_does_not_try_again_what_may_have_been_done(desk, client_of):
    desk.failures = 1
    with pytest.raises(Unavailable):
        await client_of(ClientChain()).book()
    assert desk.asked == 1


async def test_what_is_off_is_off(desk, client_of):
    desk.failures = 1
    with pytest.raises(Unavailable):
        await client_of(ClientChain(read(retry=False))).look()


async def test_a_call_without_a_deadline_is_given_one():
    wire, desk = Memory(), Desk()
    async with wire.listen(desk.routes()):
        assert 0 < await Desk.client(ClientChain().through(wire)).left() <= 2.0
        never = ClientChain(read(deadline=False))
        assert await Desk.client(never.through(wire)).left() is None


async def test_the_default_deadline_is_enforced():  # where no fixture has put one in force
    chain = ClientChain(Policies.read({"acme.v1.Desk/Wait": {"deadline": "10ms"}}))
    with pytest.raises(DeadlineExceeded):
        await Desk.client(chain.through(InProcess(Desk()))).wait()


async def test_services_do_not_share_a_breaker_and_a_method_may_have_its_own(desk, client_of):
    chain = ClientChain(
        Policies.read({"breaker": {"protect": 9}, "acme.v1.Desk/Look": {"breaker": {"k": 2.0}}})
    )
    client = client_of(chain)
    assert list(chain.breakers) == ["acme.v1.Desk", "acme.v1.Desk/Look"]
    chain.breakers["acme.v1.Desk"].open()
    with pytest.raises(Unavailable, match="not sent"):
        await client.book()
    assert await client.look() == 1


async def test_a_change_reaches_clients_that_are_in_use(desk, client_of):
    chain = ClientChain()
    client = client_of(chain)
    desk.failures = 1
    chain.replace(read(retry=False))
    with pytest.raises(Unavailable):
        await client.look()
    chain.replace(read(retry={"tries": 3}))
    desk.asked, desk.failures = 0, 2
    assert await client.look() == 3


async def test_a_breaker_whose_rules_stay_stays_as_it_is(desk, client_of):
    chain = ClientChain()
    client = client_of(chain)
    chain.breakers["acme.v1.Desk"].open()
    chain.replace(read(retry=False))
    assert chain.breakers["acme.v1.Desk"].state is State.OPEN
    with pytest.raises(Unavailable):
        await client.look()
    chain.replace(read(breaker={"protect": 9}))
    assert chain.breakers["acme.v1.Desk"].state is State.CLOSED
    assert await client.look() == 1


async def test_a_breaker_that_is_turned_off_is_gone_even_while_a_call_runs_behind_it(
    desk, client_of
):
    chain = ClientChain()
    client = client_of(chain)
    running = asyncio.create_task(client.wait())
    await desk.entered.wait()
    chain.replace(read(breaker=False))
    assert not list(chain.breakers)
    chain.replace(read())
    assert chain.breakers["acme.v1.Desk"].state is State.CLOSED
    desk.open.set()
    await running

    chain.breakers["acme.v1.Desk"].open()
    with pytest.raises(Unavailable, match="not sent"):
        await client.look()


async def test_a_method_that_loses_its_own_breaker_has_that_of_its_service(desk, client_of):
    chain = ClientChain(Policies.read({"acme.v1.Desk/Look": {"breaker": {"k": 2.0}}}))
    client = client_of(chain)
    chain.replace(read())
    assert list(chain.breakers) == ["acme.v1.Desk"]
    chain.breakers["acme.v1.Desk"].open()
    with pytest.raises(Unavailable, match="not sent"):
        await client.look()


def away(**said) -> Policies:
    """A `fallback` of the desk's Look, which is not tried again."""
    return Policies.read({"acme.v1.Desk/Look": {"retry": False, "fallback": said}})


async def test_a_fallback_replies_when_nobody_does(desk, client_of):
    desk.failures = 1
    client = client_of(ClientChain(away(value=7)))
    assert await client.look() == 7
    assert await client.look() == 2
    desk.failures = 3
    with pytest.raises(Unavailable):
        await client.book()


async def test_a_fallback_replies_to_its_codes_alone(desk, client_of):
    desk.failures = 1
    with pytest.raises(Unavailable):
        await client_of(ClientChain(away(value=7, codes=["NOT_FOUND"]))).look()


async def test_a_fallback_comes_and_goes_while_clients_are_in_use(desk, client_of):
    chain = ClientChain(read(retry=False))
    client = client_of(chain)
    desk.failures = 100
    chain.replace(away(value=7))
    assert await client.look() == 7
    chain.replace(away(value=8))
    assert await client.look() == 8
    chain.replace(read(retry=False))
    with pytest.raises(Unavailable):
        await client.look()


def test_a_fallback_that_is_no_reply_is_said_when_a_client_is_made(desk, client_of):
    with pytest.raises(ConfigError, match="expected a whole number, got text"):
        client_of(ClientChain(away(value="seven")))


async def test_a_server_gives_no_call_more_than_its_maximum(desk):
    wire = Memory()
    server = Server(desk, listeners=[wire], policies=ServerChain(read(maximum="1s")))
    async with server.running():
        client = Desk.client(wire)
        assert 0 < await client.left() <= 1.0
        async with fail_after(5):
            assert await client.left() <= 1.0


async def test_one_bulkhead_is_for_all_that_its_table_is_about(desk):
    wire = Memory()
    policies = Policies.read({"bulkhead": {"limit": 1}, "acme.v1.Desk/Left": {"bulkhead": False}})
    async with Server(desk, listeners=[wire], policies=ServerChain(policies)).running():
        client = Desk.client(wire)
        waiting = asyncio.create_task(client.wait())
        await desk.entered.wait()
        with pytest.raises(Unavailable) as raised:
            await client.look()
        assert raised.value.details["reason"] == "overload"
        assert await client.left() is not None
        desk.open.set()
        await waiting
        assert await client.look() == 1


async def test_callers_are_known_before_they_are_limited(desk):
    wire = Memory()
    names = ["bob", "ada", "ada"]

    def known(endpoint):
        def call_known(call, message):
            call.identity = names.pop()
            return endpoint(call, message)

        return call_known

    policies = ServerChain(read(rate_limit={"rate": 0.001, "burst": 1}))
    server = Server(desk, listeners=[wire], middleware=[known], policies=policies)
    async with server.running():
        client = Desk.client(wire)
        assert await client.who() == "ada"
        with pytest.raises(ResourceExhausted):
            await client.who()
        assert await client.who() == "bob"


async def test_what_counts_together_may_be_told_by_metadata(desk, saying):
    wire = Memory()
    said = {"rate": 0.001, "burst": 1, "by": "metadata:tenant"}
    policies = ServerChain(read(rate_limit=said))
    async with Server(desk, listeners=[wire], policies=policies).running():
        tenants = (saying("tenant", name) for name in ("acme", "other"))
        acme, other = (Desk.client(Through(wire, tenant)) for tenant in tenants)
        await acme.look()
        with pytest.raises(ResourceExhausted):
            await acme.look()
        await other.look()


async def test_a_change_reaches_a_server_that_runs_and_what_counts_counts_on(desk):
    wire, chain = Memory(), ServerChain(read(rate_limit={"rate": 0.001, "burst": 2}))
    async with Server(desk, listeners=[wire], policies=chain).running():
        client = Desk.client(wire)
        await client.look()
        chain.replace(read(rate_limit={"rate": 0.001, "burst": 2}, maximum=False))
        await client.look()
        with pytest.raises(ResourceExhausted):
            await client.look()
        chain.replace(read())
        assert await client.look() == 3


async def test_what_runs_a_system_is_limited_only_by_tables_that_name_it(desk):
    wire = Memory()
    none_left = {"rate_limit": {"rate": 0.001, "burst": 0.5}}
    async with Server(desk, listeners=[wire], policies=ServerChain(read(**none_left))).running():
        with pytest.raises(ResourceExhausted):
            await Desk.client(wire).look()
        assert "acme.v1.Desk" in await Reflection.client(wire).describe()
    named = ServerChain(Policies.read({"kitfox.v1.Reflection": none_left}))
    async with Server(desk, listeners=[wire], policies=named).running():
        with pytest.raises(ResourceExhausted):
            await Reflection.client(wire).describe()
