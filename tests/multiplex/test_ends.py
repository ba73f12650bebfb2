"""The two ends of a link, each talked to in frames."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from kitfox import (
    Call,
    Deadline,
    Internal,
    ResourceExhausted,
    Service,
    Unavailable,
    Unreachable,
    methods_of,
    rpc,
)
from kitfox.codecs import JSON
from kitfox.core import InFlight
from kitfox.multiplex import (
    WINDOW,
    BadFrame,
    CallerEnd,
    Cancel,
    Credit,
    Dialled,
    Failure,
    GoingAway,
    Item,
    LinkLimits,
    Refused,
    Reply,
    Request,
    ServerEnd,
    Services,
)
from kitfox.scope import fail_after


class Shop(Service, name="acme.Shop"):
    def __init__(self):
        self.cancelled = asyncio.Event()

    @rpc
    async def price(self, item: str) -> int:
        return len(item)

    @rpc
    async def label(self, item: str) -> str:
        return 20 * item

    @rpc
    async def wait(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    @rpc
    async def prices(self) -> AsyncIterator[int]:
        for number in range(100):
            yield number

    @rpc
    async def total(self, prices: AsyncIterator[int]) -> int:
        return sum([price async for price in prices])


METHODS = methods_of(Shop)
PRICE = METHODS["price"]


class Wire:
    """A link that remembers what was sent."""

    peer, identity = "test:", ""

    def __init__(self):
        self.sent = []
        self.closed = False
        self._news = asyncio.Event()

    def send(self, frame):
        self.sent.append(frame)
        self._news.set()

    async def writable(self):
        pass

    def close(self):
        self.closed = True

    async def until(self, kind, count=1):
        """Return the frames of a kind when there are so many."""
        while len(found := [frame for frame in self.sent if isinstance(frame, kind)]) < count:
            self._news.clear()
            await self._news.wait()
        return found


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
def in_flight():
    return InFlight()


@pytest.fixture
def server(wire, shop, in_flight):
    return ServerEnd(
        wire, Services(shop.routes(), JSON()), in_flight, LinkLimits(calls=2, message=50)
    )


@pytest.fixture
async def caller(wire):
    return CallerEnd(wire, LinkLimits(calls=2, message=50))


def request(number, method="Price", body=b'{"item":"tea"}', metadata=None, timeout=None):
    return Request(number, f"/acme.Shop/{method}", body, metadata or {}, timeout)


def start(caller, item="tea", **given):
    """Begin a call of Price."""
    message = PRICE.request(item)
    decode = msgspec.json.Decoder(PRICE.reply).decode
    call = Call(PRICE, **given)
    return asyncio.create_task(caller.call(call, message, msgspec.json.encode, decode))


async def test_a_request_has_one_last_word(server, wire):
    server.receive(request(7))
    async with fail_after(5):
        assert await wire.until(Reply) == [Reply(7, b'{"value":3}', {})]
    server.receive(Cancel(7))  # is over: nothing is said
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (request(1, "Nothing"), "there is no method /acme.Shop/Nothing"),
        (request(1, body=None), "/acme.Shop/Price is of another kind: unary"),
        (request(1, "Total"), "/acme.Shop/Total is of another kind: client_stream"),
        (request(1, body=b"{"), "truncated"),
        (request(1, metadata={"a b": "c"}), "metadata key 'a b'"),
        (request(1, timeout=0.0), "the deadline came"),
    ],
)
async def test_a_request_that_cannot_be_served_fails_alone(server, wire, frame, message):
    server.receive(frame)
    server.receive(request(2))
    async with fail_after(5):
        (failure,) = await wire.until(Failure)
        assert message in failure.message
        await wire.until(Reply)


async def test_a_number_that_is_in_use_breaks_the_rules(server):
    server.receive(request(1, "Wait", b"{}"))
    with pytest.raises(BadFrame, match="call 1 has begun already"):
        server.receive(request(1, "Wait", b"{}"))
    server.lose()


async def test_an_item_for_a_call_without_a_stream_breaks_the_rules(server):
    server.receive(request(1, "Wait", b"{}"))
    for frame in (Item(1, b"{}"), Credit(1, 1)):
        with pytest.raises(BadFrame, match="call 1 has no such stream"):
            server.receive(frame)
    server.lose()


async def test_what_is_said_about_a_call_that_is_over_is_ignored(server, wire):
    for frame in (Item(9, b""), Credit(9, 1), Cancel(9)):
        server.receive(frame)
    assert not wire.sent


async def test_too_many_calls_are_refused_by_number(server, wire):
    for number in range(3):
        server.receive(request(number, "Wait", b"{}"))
    (failure,) = wire.sent
    assert (failure.call, failure.message) == (2, "2 calls are in flight on this connection")
    server.lose()


async def test_a_reply_that_is_too_long_is_not_sent(server, wire):
    server.receive(request(1, "Label"))
    async with fail_after(5):
        (failure,) = await wire.until(Failure)
    assert failure.message == "the message is longer than 50 bytes"


async def test_replies_wait_for_credit(server, wire):
    server.receive(request(1, "Prices", b"{}"))
    async with fail_after(5):
        await wire.until(Item, WINDOW)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(wire.sent) == WINDOW
        server.receive(Credit(1, 100))
        await wire.until(Reply)
    assert len(wire.sent) == 101


async def test_a_caller_that_cancels_hears_nothing_more(server, wire, shop):
    server.receive(request(1, "Wait", b"{}"))
    await asyncio.sleep(0)
    server.receive(Cancel(1))
    async with fail_after(5):
        await shop.cancelled.wait()
    assert not wire.sent


async def test_a_lost_link_cancels_what_runs(server, wire, shop):
    server.receive(request(1, "Wait", b"{}"))
    await asyncio.sleep(0)
    server.lose()
    async with fail_after(5):
        await shop.cancelled.wait()
    assert not wire.sent


async def test_a_server_that_stops_refuses_what_it_has_not_begun(server, wire, in_flight):
    server.leave()
    in_flight.refuse()
    server.receive(request(1))
    assert wire.sent == [GoingAway(), Refused(1)]


async def test_a_reply_goes_to_the_call_it_names(caller, wire):
    first, second = start(caller, "a"), start(caller, "b")
    async with fail_after(5):
        one, two = await wire.until(Request, 2)
        caller.receive(Reply(two.call, b'{"value":2}', {}))
        caller.receive(Reply(one.call, b'{"value":1}', {}))
        assert [(await first).value, (await second).value] == [1, 2]


async def test_time_left_and_metadata_go_with_the_request(caller, wire):
    call = start(caller, deadline=Deadline.after(60.0))
    async with fail_after(5):
        (sent,) = await wire.until(Request)
    assert 50.0 < sent.timeout <= 60.0
    call.cancel()
    await asyncio.wait([call])
    assert wire.sent[1:] == [Cancel(sent.call)]


async def test_a_refused_call_was_never_sent_for_its_caller(caller, wire):
    call = start(caller)
    async with fail_after(5):
        (sent,) = await wire.until(Request)
        caller.receive(Refused(sent.call))
        with pytest.raises(Unreachable):
            await call


async def test_a_code_that_is_none_is_the_peers_fault(caller, wire):
    call = start(caller)
    async with fail_after(5):
        (sent,) = await wire.until(Request)
        caller.receive(Failure(sent.call, 99, "odd", {}, {}))
        with pytest.raises(Internal, match="99, which is no code: odd"):
            await call


async def test_a_lost_link_ends_all_its_calls_and_takes_no_more(caller, wire):
    calls = [start(caller), start(caller)]
    async with fail_after(5):
        await wire.until(Request, 2)
        caller.lose("cut")
        for call in calls:
            with pytest.raises(Unavailable, match="lost before the reply: cut"):
                await call
        assert not caller.open
        with pytest.raises(Unreachable):
            await start(caller)


async def test_a_caller_keeps_to_the_limits_of_its_link(caller, wire):
    with pytest.raises(ResourceExhausted, match="longer than 50 bytes"):
        await start(caller, "x" * 50)
    calls = [start(caller), start(caller)]
    async with fail_after(5):
        await wire.until(Request, 2)
        with pytest.raises(ResourceExhausted, match="2 calls are in flight"):
            await start(caller)
    caller.lose("over")
    for call in calls:
        with pytest.raises(Unavailable, match="before the reply: over"):
            await call


async def test_a_link_whose_server_leaves_is_closed_after_its_last_call(caller, wire):
    call = start(caller)
    async with fail_after(5):
        (sent,) = await wire.until(Request)
        caller.receive(GoingAway())
        assert not caller.open
        assert not wire.closed
        caller.receive(Reply(sent.call, b'{"value":1}', {}))
        await call
    assert wire.closed


async def test_a_link_that_has_used_its_numbers_is_closed_after_its_last_call(wire):
    caller = CallerEnd(wire, LinkLimits(lifetime=2))
    calls = [start(caller), start(caller)]
    async with fail_after(5):
        requests = await wire.until(Request, 2)
        assert not caller.open
        with pytest.raises(Unreachable):
            await start(caller)
        for sent in requests:
            assert not wire.closed
            caller.receive(Reply(sent.call, b'{"value":3}', {}))
            await calls.pop(0)
    assert wire.closed


async def test_an_item_that_nobody_asked_for_breaks_the_rules(caller, wire):
    call = start(caller)
    async with fail_after(5):
        (sent,) = await wire.until(Request)
    for frame in (Item(sent.call, b""), Credit(sent.call, 1)):
        with pytest.raises(BadFrame, match="has no such stream"):
            caller.receive(frame)
    caller.lose("bad frame")
    with pytest.raises(Unavailable, match="before the reply: bad frame"):
        await call


async def test_callers_share_one_attempt_to_dial_and_none_of_them_ends_it(wire):
    attempts, ready = 0, asyncio.Event()

    async def dial():
        nonlocal attempts
        attempts += 1
        await ready.wait()
        return CallerEnd(wire, LinkLimits())

    endpoint = Dialled(dial, JSON(), where="there").endpoint(PRICE)
    impatient, patient = (
        asyncio.create_task(endpoint(Call(PRICE), PRICE.request("tea"))) for _ in range(2)
    )
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    ready.set()
    async with fail_after(5):
        await wire.until(Request)
    assert attempts == 1
    patient.cancel()
    await asyncio.wait([patient])


async def test_an_attempt_that_fails_is_each_callers_error_and_the_next_call_tries_again():
    attempts = 0

    async def dial():
        nonlocal attempts
        attempts += 1
        raise ConnectionRefusedError("nobody")

    endpoint = Dialled(dial, JSON(), where="there").endpoint(PRICE)
    for expected in (1, 2):
        calls = [endpoint(Call(PRICE), PRICE.request("tea")) for _ in range(3)]
        for error in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(error, Unreachable)
            assert str(error) == "there cannot be reached: nobody"
        assert attempts == expected


async def test_an_attempt_ends_when_its_patience_does():
    async def dial():
        await asyncio.Event().wait()

    endpoint = Dialled(dial, JSON(), where="there", patience=0.01).endpoint(PRICE)
    with pytest.raises(Unreachable, match=r"there did not answer within 0\.01 s"):
        await endpoint(Call(PRICE), PRICE.request("tea"))
