"""What an operator sees and switches in a process, and who may."""

import pytest

from kitfox import NotFound, Service, Unauthenticated, Unavailable, fail_after, rpc
from kitfox.app import BreakerStatus, ClientChain, Control, Policies, Server, ServerChain
from kitfox.core import Internal, Through
from kitfox.net import HTTPClient
from kitfox.registry import MemoryRegistry, bearer
from kitfox.resilience import Breakers, State
from kitfox.schema import Reflection
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.memory import Memory

OPEN = "/kitfox.v1.Control/OpenBreaker"


class Stock(Service, name="acme.Stock"):
    """A service that can be broken."""

    def __init__(self):
        self.asked = 0
        self.broken = False

    @rpc
    async def get(self, id: int) -> int:
        """Look something up."""
        self.asked += 1
        if self.broken:
            raise Internal("broken")
        return id


class Caller:
    """A process that calls the stock, and serves its control."""

    def __init__(self, policies=None, **options):
        self.stock = Stock()
        self.chain = ClientChain(policies)
        self.wire, there = Memory(), Memory()
        self.listening = there.listen(self.stock.routes())
        self.client = Stock.client(self.chain.through(there))
        beside = [Control(self.chain.breakers, **options)]
        self.server = Server(Service(), listeners=[self.wire], beside=beside)
        self.control = Control.client(self.wire)


@pytest.fixture
async def caller():
    made = Caller()
    async with fail_after(10), made.listening, made.server.running():
        yield made


async def status(caller) -> BreakerStatus:
    (found,) = await caller.control.breakers()
    return found


async def test_a_process_shows_its_breakers_with_what_they_have_seen(caller):
    assert await status(caller) == BreakerStatus("acme.Stock", State.CLOSED)
    await caller.client.get(1)
    caller.stock.broken = True
    with pytest.raises(Internal):
        await caller.client.get(2)
    assert await status(caller) == BreakerStatus("acme.Stock", State.CLOSED, good=1, faults=1)


async def test_a_breaker_that_is_opened_refuses_at_once_until_it_is_reset(caller):
    opened = await caller.control.open_breaker("acme.Stock")
    assert (opened.state, opened.held) == (State.OPEN, True)
    with pytest.raises(Unavailable) as raised:
        await caller.client.get(1)
    assert raised.value.details == {"reason": "breaker", "state": "open"}
    assert caller.stock.asked == 0
    assert (await status(caller)).refused == 1
    assert await caller.control.reset_breaker("acme.Stock") == BreakerStatus(
        "acme.Stock", State.CLOSED
    )
    assert await caller.client.get(1) == 1


async def test_a_breaker_that_is_closed_by_hand_refuses_nothing_however_calls_end(caller):
    closed = await caller.control.close_breaker("acme.Stock")
    assert (closed.state, closed.held) == (State.CLOSED, True)
    caller.stock.broken = True
    for _ in range(50):
        with pytest.raises(Internal):
            await caller.client.get(1)
    assert caller.stock.asked == 50


async def test_who_names_a_breaker_that_there_is_not_is_told_which_there_are(caller):
    with pytest.raises(NotFound) as raised:
        await caller.control.open_breaker("school.Grading")
    assert raised.value.message == 'no breaker "school.Grading"; known here: acme.Stock'
    with pytest.raises(NotFound, match="did you mean"):
        await caller.control.reset_breaker("acme.stock")
    assert (await status(caller)).held is False


async def test_breakers_of_methods_have_names_of_their_own():
    own = Policies.read({"breaker": False, "acme.Stock/Get": {"breaker": True}})
    made = Caller(own)
    async with fail_after(10), made.server.running():
        assert (await status(made)).name == "acme.Stock/Get"


async def test_with_a_token_control_asks_for_it_where_nothing_else_does():
    made = Caller(token="sesame")
    async with fail_after(10), made.server.running():
        for shown in ("", "sesam"):
            client = Control.client(Through(made.wire, bearer(shown)))
            with pytest.raises(Unauthenticated):
                await client.breakers()
            with pytest.raises(Unauthenticated):
                await client.open_breaker("acme.Stock")
        assert not made.chain.breakers["acme.Stock"].held
        client = Control.client(Through(made.wire, bearer("sesame")))
        assert (await client.open_breaker("acme.Stock")).held


def headers(**fields):
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]


@pytest.mark.parametrize(
    ("verb", "given", "refusal"),
    [
        ("GET", {}, 405),
        ("POST", {"content_type": "application/x-www-form-urlencoded"}, 415),
        ("POST", {"content_type": "text/plain"}, 415),
        ("POST", {"content_type": "application/json", "origin": "https://evil.example"}, 403),
        ("POST", {"content_type": "application/json", "sec_fetch_site": "cross-site"}, 403),
    ],
)
async def test_no_page_of_another_site_switches_a_breaker(verb, given, refusal):
    breakers = Breakers()
    kept = breakers.of("acme.Stock")
    server = Server(Stock(), listeners=[HTTP()], beside=[Control(breakers)])
    async with fail_after(10), server.running() as (url,), HTTPClient() as client:
        link, body = f"{url}{OPEN}?name=acme.Stock", b'{"name":"acme.Stock"}'
        answer = await client.request(verb, link, headers=headers(**given), body=body)
        assert (answer.status, kept.held) == (refusal, False)
        own = headers(content_type="application/json", origin=url)
        answer = await client.request("POST", url + OPEN, headers=own, body=body)
        assert (answer.status, kept.held) == (200, True)


async def test_control_stands_in_no_document_and_no_registry():
    registry = MemoryRegistry()
    server = Server(
        Stock(), listeners=[HTTP()], registrar=registry, beside=[Control(Breakers())], notice=0.0
    )
    async with (
        fail_after(10),
        server.running() as (url,),
        HTTPConnection(url) as connection,
        HTTPClient() as client,
    ):
        page = await client.request("GET", f"{url}/openapi.json")
        assert b"acme.Stock" in page.body
        assert b"Control" not in page.body
        assert "Control" not in await Reflection.client(connection).describe()
        assert await anext(registry.watch("kitfox.v1.Control")) == frozenset()
        assert await Control.client(connection).breakers() == ()


async def test_control_answers_when_all_else_is_refused():
    none_left = Policies.read({"rate_limit": {"rate": 0.001, "burst": 0.5}})
    breakers, wire = Breakers(), Memory()
    kept = breakers.of("acme.Stock")
    server = Server(
        Stock(), listeners=[wire], beside=[Control(breakers)], policies=ServerChain(none_left)
    )
    async with fail_after(10), server.running():
        for _ in range(3):
            await Control.client(wire).open_breaker("acme.Stock")
    assert kept.held
