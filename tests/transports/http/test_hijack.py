"""Connections that leave HTTP: hijacked by an application, or switched to a protocol served."""

import asyncio
from contextlib import suppress

import pytest

from kitfox import Kind
from kitfox.scope import fail_after
from kitfox.transports.http import HTTP, HTTPLimits, hijack_of, raw_stream
from kitfox.transports.msgpack import RPCUpgrade
from kitfox.transports.websocket import WebSocket

ASK = b"GET /lines HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: lines\r\n%b\r\n"


async def shout(scope, receive, send):
    """Answer each line in capitals, when asked for the protocol; else as HTTP does."""
    if hijack_of(scope) is None or scope["path"] != "/lines":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"plain"})
        return
    with raw_stream(scope, "lines") as (reader, writer):
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()


class Parrot(asyncio.Protocol):
    def __init__(self, peer):
        self.peer = peer

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Parrots:
    """An upgrade that repeats what is said, and closes when drained."""

    kinds = frozenset()

    def __init__(self):
        self.born = []
        self.routes = None

    def serve(self, routes):
        self.routes = routes
        return self

    def protocol(self, peer):
        self.born.append(Parrot(peer))
        return self.born[-1]

    async def drain(self, grace):
        for parrot in self.born:
            parrot.transport.write(b"bye")
            parrot.transport.close()


async def line(wire):
    async with fail_after(10):
        return await wire._reader.readline()  # noqa: SLF001  no longer HTTP


async def test_a_hijacked_connection_carries_whatever_its_taker_speaks(serving, book, wire):
    async with serving(book, fallback=shout) as url, wire(url) as client:
        client.send(ASK % b"")
        answer = await client.answer(bodyless=True)
        assert answer.status == 101
        assert answer.headers["upgrade"] == "lines"
        client.send(b"one\n")
        assert await line(client) == b"ONE\n"
        client.send(b"two\nthree\n")
        assert [await line(client), await line(client)] == [b"TWO\n", b"THREE\n"]


async def test_what_came_with_the_request_is_handed_over(serving, book, wire):
    async with serving(book, fallback=shout) as url, wire(url) as client:
        client.send(ASK % b"" + b"early\nbird\n")
        assert (await client.answer(bodyless=True)).status == 101
        assert [await line(client), await line(client)] == [b"EARLY\n", b"BIRD\n"]


async def test_an_upgrade_behind_another_request_waits_for_its_answer(serving, book, wire):
    async with serving(book, fallback=shout) as url, wire(url) as client:
        first = b"GET /first HTTP/1.1\r\nhost: localhost\r\n\r\n"
        client.send(first + ASK % b"" + b"early\n")
        head = await client._reader.readuntil(b"plain\r\n0\r\n\r\n")  # noqa: SLF001  chunked
        assert head.startswith(b"HTTP/1.1 200")
        assert (await client.answer(bodyless=True)).status == 101
        assert await line(client) == b"EARLY\n"


async def test_a_request_whose_upgrade_nobody_wants_is_answered_as_any_other(serving, book, wire):
    get = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n"
    async with serving(book) as url, wire(url) as client:
        client.send(get + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n" + get + b"\r\n")
        assert (await client.answer()).body == b"ok\n"
        assert (await client.answer()).body == b"ok\n"
        client.send(get + b"\r\n")
        assert (await client.answer()).body == b"ok\n"


async def test_a_connection_can_be_taken_once(serving, book, wire):
    failed = asyncio.get_running_loop().create_future()

    async def greedy(scope, receive, send):
        with raw_stream(scope, "lines"):
            try:
                hijack_of(scope)(asyncio.Protocol())
            except RuntimeError as error:
                failed.set_result(str(error))

    async with serving(book, fallback=greedy) as url, wire(url) as client:
        client.send(ASK % b"")
        assert (await client.answer(bodyless=True)).status == 101
        assert "cannot be taken" in await failed


def test_a_foreign_server_has_nothing_to_hijack():
    assert hijack_of({"type": "http"}) is None
    stream = raw_stream({"type": "http"}, "lines")
    with pytest.raises(RuntimeError, match="not kitfox's own"), stream:
        pass


async def test_whoever_fails_on_a_stream_closes_it(serving, book, wire, caplog):
    async def careless(scope, receive, send):
        with raw_stream(scope, "lines") as (reader, _):
            raise LookupError(await reader.readline())

    async with serving(book, fallback=careless) as url, wire(url) as client:
        client.send(ASK % b"" + b"lost\n")
        assert (await client.answer(bodyless=True)).status == 101
        assert await client.rest() == b""
    assert "lost" in caplog.text


async def test_the_connection_is_cut_when_the_listener_stops(serving, book, wire):
    listener = HTTP(fallback=shout, grace=0.1).listen(book.routes())
    url = await listener.__aenter__()
    async with wire(url) as client:
        client.send(ASK % b"")
        assert (await client.answer(bodyless=True)).status == 101
        await listener.__aexit__(None, None, None)
        with suppress(ConnectionError):
            assert await client.rest() == b""


async def test_a_served_upgrade_gets_the_routes_the_peer_and_the_bytes(book, wire):
    parrots = Parrots()
    listener = HTTP(upgrades={"Lines": parrots})
    async with listener.listen(book.routes()) as url, wire(url) as client:
        client.send(ASK % b"" + b"polly\n")
        assert (await client.answer(bodyless=True)).headers["upgrade"] == "lines"
        assert await line(client) == b"polly\n"
        assert parrots.born[0].peer.startswith("127.0.0.1:")
        assert set(parrots.routes) == set(book.routes())
        client.send(b"more\n")
        assert await line(client) == b"more\n"


async def test_what_was_switched_is_drained_with_the_listener(book, wire):
    parrots = Parrots()
    listener = HTTP(upgrades={"lines": parrots}).listen(book.routes())
    url = await listener.__aenter__()
    async with wire(url) as client:
        client.send(ASK % b"")
        await client.answer(bodyless=True)
        await listener.__aexit__(None, None, None)
        assert await client.rest() == b"bye"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"origin: https://evil.example\r\n", 403),
        (b"sec-fetch-site: cross-site\r\n", 403),
        (b"authorization: Bearer wrong\r\n", 401),
    ],
)
async def test_the_door_keeps_strangers_from_switching(book, wire, header, status):
    parrots = Parrots()
    options = {"token": "right"} if status == 401 else {}
    listener = HTTP(upgrades={"lines": parrots}, **options)
    async with listener.listen(book.routes()) as url, wire(url) as client:
        client.send(ASK % header)
        assert (await client.answer()).status == status
    assert parrots.born == []


async def test_connections_that_left_http_count_towards_the_limit(book, wire):
    parrots = Parrots()
    listener = HTTP(upgrades={"lines": parrots}, limits=HTTPLimits(connections=1))
    async with listener.listen(book.routes()) as url, wire(url) as first:
        first.send(ASK % b"")
        assert (await first.answer(bodyless=True)).status == 101
        async with wire(url) as second:
            assert (await second.answer()).status == 503


@pytest.mark.parametrize(
    "beside", [{"websocket": WebSocket()}, {"upgrades": {"kitfox-rpc": RPCUpgrade()}}]
)
def test_a_listener_carries_what_something_on_its_port_does(beside):
    assert HTTP(**beside).kinds == frozenset(Kind)
    assert HTTP(upgrades={"lines": Parrots()}).kinds == HTTP.kinds < frozenset(Kind)
