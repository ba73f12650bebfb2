"""Streams of replies as server-sent events: what a browser's EventSource reads."""

import asyncio
import json

import pytest

from kitfox import NotFound, Unavailable
from kitfox.core import Internal, ResourceExhausted, Unknown
from kitfox.net import HTTPClient
from kitfox.transports.http import HTTPApp, HTTPConnection, HTTPLimits
from kitfox.transports.http._event_stream import EventStream
from kitfox.transports.http._exchange import Exchange

FOLLOW = "/acme.v1.Ledger/Follow"


def request(target):
    return b"GET " + target.encode() + b" HTTP/1.1\r\nhost: localhost\r\n\r\n"


async def test_a_stream_is_events_and_ends_with_its_metadata(serving, book, fetch):
    async with serving(book) as url:
        answer = await fetch(f"{url}{FOLLOW}?count=2")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["early"] == "yes"
    *events, end = answer.body.decode().removesuffix("\n\n").split("\n\n")
    assert events == ['data: {"value":0}', 'data: {"value":1}']
    name, data = end.split("\n")
    assert name == "event: end"
    assert json.loads(data.removeprefix("data: "))["metadata"]["counted"] == "2"


async def test_an_error_before_the_first_item_is_a_status(serving, book, fetch):
    async with serving(book) as url:
        answer = await fetch(f"{url}{FOLLOW}?count=0")
    assert (answer.status, answer.problem["code"]) == (404, "not_found")
    assert answer.headers["early"] == "yes"


async def test_an_error_after_the_first_item_is_an_event(serving, book, fetch):
    async with serving(book) as url:
        answer = await fetch(f"{url}{FOLLOW}?count=-1")
    assert answer.status == 200
    item, error, rest = answer.body.decode().split("\n\n")
    assert (item, rest) == ('data: {"value":0}', "")
    name, data = error.split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["code"] == "not_found"


async def test_a_typed_client_sees_items_then_the_error(serving, book, ledger):
    seen = []
    async with serving(book) as url, HTTPConnection(url) as connection:
        with pytest.raises(NotFound, match="too far"):
            async for item in ledger.client(connection).follow(-2):
                seen.append(item)
    assert seen == [0, 1]


async def test_head_of_a_stream_starts_no_call(serving, book, wire):
    async with serving(book) as url, wire(url) as client:
        client.send(request(f"{FOLLOW}?count=1").replace(b"GET", b"HEAD"))
        answer = await client.answer(bodyless=True)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        client.send(request("/livez"))
        assert (await client.answer()).body == b"ok\n"


async def test_one_stream_too_many_is_refused_until_another_ends(serving, book, ledger, eventually):
    async with (
        serving(book, limits=HTTPLimits(streams=1)) as url,
        HTTPConnection(url) as connection,
    ):
        client = ledger.client(connection)
        async with client.wait_on() as stream:
            assert await anext(stream) == 1
            with pytest.raises(Unavailable, match="busy with 1 streams"):
                await anext(client.follow())
            assert await client.get(1) == "entry 1"
        await eventually(lambda: book.cancelled)
        assert [item async for item in client.follow(2)] == [0, 1]


async def test_a_reader_that_leaves_cancels_the_handler_on_any_server(
    serving, foreign, book, wire, eventually
):
    body = b"POST /acme.v1.Ledger/WaitOn HTTP/1.1\r\nhost: localhost\r\n\r\n"
    for number, place in enumerate(
        (serving(book), foreign(HTTPApp(book.routes()), lifespan="off")), 1
    ):
        async with place as url, wire(url) as client:
            client.send(body)
            while b'data: {"value":1}' not in await client.event():
                pass
            client.leave()
            await eventually(lambda number=number: book.cancelled == number)


class Sent:
    """An ASGI server's `send` that keeps what it is told, and waits when told to."""

    def __init__(self):
        self.events = []
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self, event):
        await self.free.wait()
        self.events.append(event)

    @property
    def bodies(self):
        return [event["body"] for event in self.events if "body" in event]


@pytest.fixture
async def sent():
    return Sent()


class Beating(EventStream):
    """A stream that counts its beats."""

    def __init__(self, send):
        exchange = Exchange({"type": "http"}, None, send, {}, ())
        super().__init__(exchange, lambda message: b"%d" % message, beat=0.005)
        self.beats = 0

    def _beat(self):
        self.beats += 1
        super()._beat()


@pytest.fixture
async def quick(sent):
    """Give a stream with a quick pulse."""
    stream = Beating(sent)
    yield stream
    stream.quiet()


async def test_a_stream_without_items_shows_that_it_lives(sent, quick, eventually):
    await eventually(lambda: len(sent.bodies) >= 3)
    assert set(sent.bodies) == {b":\n\n"}
    await quick.put(7)
    await quick.end()
    assert sent.bodies[-2:] == [b"data: 7\n\n", b'event: end\ndata: {"metadata":{}}\n\n']
    assert [event["type"] for event in sent.events].count("http.response.start") == 1


async def test_signs_of_life_neither_pile_up_nor_overtake_the_start(sent, quick, eventually):
    sent.free.clear()
    put = asyncio.create_task(quick.put(7))
    await eventually(lambda: quick.beats >= 5)
    sent.free.set()
    await put
    types = [event["type"] for event in sent.events]
    assert types[:2] == ["http.response.start", "http.response.body"]
    assert types.count("http.response.start") == 1
    assert sent.bodies[0] == b"data: 7\n\n"
    assert len(sent.bodies) <= 2  # a beat may have come since


async def test_a_quiet_stream_says_nothing_more(sent, quick, eventually):
    await eventually(lambda: sent.bodies)
    quick.quiet()
    said = len(sent.events)
    other = Beating(Sent())
    await eventually(lambda: other.beats >= 3)
    other.quiet()
    assert len(sent.events) == said


@pytest.fixture
def stream_of(foreign):
    """Serve some streams of bytes as events, one for each request."""

    def serve(*streams, status=200):
        left = [*streams]

        async def app(scope, receive, send):
            headers = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            for piece in left.pop(0):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})

        return foreign(app, lifespan="off")

    return serve


ITEM = b'data: {"value":1}\n\n'


# Streams that end as none of ours does, and what each is to its reader.
BROKEN_STREAMS = [
    ([], Unavailable),
    ([ITEM], Unavailable),
    ([ITEM, b"event: end\nda"], Unavailable),
    ([b"<html>Please log in</html>"], Unavailable),
    ([b'data: {"value":"one"}\n\n'], Internal),
    ([b"data: one\n\n"], Internal),
    ([ITEM, b"event: end\ndata: [1]\n\n"], Internal),
    ([ITEM, b'event: end\ndata: {"metadata":{"a b":"c"}}\n\n'], Internal),
    ([ITEM, b"event: error\ndata: what\n\n"], Unknown),
    ([ITEM, b"data: " + b"x" * (9 << 20)], ResourceExhausted),
]


async def test_a_stream_that_is_cut_or_wrong_is_an_error(stream_of, ledger):
    streams = [pieces for pieces, _ in BROKEN_STREAMS]
    async with stream_of(*streams) as url, HTTPConnection(url) as connection:
        for _, error in BROKEN_STREAMS:
            with pytest.raises(error) as raised:
                [item async for item in ledger.client(connection).follow()]
            assert type(raised.value) is error


async def test_what_a_refused_stream_says_is_read_within_limits(stream_of, ledger):
    endless = [b"x" * (1 << 20)] * 8
    async with stream_of(endless, status=500) as url, HTTPConnection(url) as connection:
        with pytest.raises(ResourceExhausted):
            await anext(ledger.client(connection).follow())


async def test_a_stream_in_words_that_others_use_is_read(stream_of, ledger):
    pieces = [b"\r\n: hello\r\nid: 1\r\nretry: 5\r\ndata: {\r\ndata:  ", b'"value":1}\r\n\r']
    async with (
        stream_of([*pieces, b"\nevent: end\rdata: {}\r\r\n"]) as url,
        HTTPConnection(url) as connection,
    ):
        assert [item async for item in ledger.client(connection).follow()] == [1]


async def test_a_stream_leaves_its_connection_fit_for_the_next_call(serving, book, ledger):
    async with serving(book) as url, HTTPClient() as client:
        calls = ledger.client(HTTPConnection(url, client=client))
        for _ in range(3):
            assert [item async for item in calls.follow(2)] == [0, 1]
        assert client.open_connections <= 1
