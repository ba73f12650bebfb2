"""WebSockets on an HTTP port: who may open one, what it may ask for, how it ends."""

import asyncio
import base64
import json
import logging
import math
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, WebSocket as FastAPIWebSocket

from kitfox import Service, fail_after, rpc
from kitfox.multiplex import KeepAlive
from kitfox.transports.http import HTTP
from kitfox.transports.websocket import WebSocket, WebSocketClosed, WebSocketLimits

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
JSON = "sec-websocket-protocol: kitfox.json"
MESSAGEPACK = "sec-websocket-protocol: kitfox.msgpack"


async def echo(socket):
    async for message in socket:
        await socket.send(message)


class Flood(Service, name="acme.v1.Flood"):
    """Says more than anybody takes."""

    sent = 0

    @rpc
    async def flow(self) -> AsyncIterator[str]:
        """Flow."""
        while True:
            yield "x" * 65536
            Flood.sent += 1


async def said(client):
    opcode, data = await client.read()
    assert opcode == TEXT
    return json.loads(data)


async def test_a_call_is_two_messages_of_json(serving, raw):
    async with serving() as url, raw(url, JSON) as client:
        assert client.headers["sec-websocket-protocol"] == "kitfox.json"
        client.send(TEXT, b'["request", 1, "/acme.v1.Counter/Double", {"number": 21}]')
        assert await said(client) == ["reply", 1, {"value": 42}, {}]


async def test_a_stream_is_items_and_a_reply(serving, raw):
    async with serving() as url, raw(url, JSON) as client:
        client.send(TEXT, b'["request", 7, "/acme.v1.Counter/Count", {"most": 2}, {}, 5.5]')
        assert [await said(client) for _ in range(3)] == [
            ["item", 7, {"value": 0}],
            ["item", 7, {"value": 1}],
            ["reply", 7, None, {}],
        ]


async def test_a_failure_has_a_code_and_says_what_is_wrong(serving, raw):
    async with serving() as url, raw(url, JSON) as client:
        client.send(TEXT, b'["request", 1, "/acme.v1.Counter/Double", {"number": "x"}]')
        kind, call, code, message, details, metadata = await said(client)
        assert (kind, call, code, metadata) == ("failure", 1, 3, {})
        assert "number" in message
        assert details["field"] == "number"


async def test_the_first_subprotocol_that_is_known_is_chosen(serving, raw):
    offer = "sec-websocket-protocol: graphql-ws, kitfox.json, kitfox.msgpack"
    async with serving() as url, raw(url, offer) as client:
        assert client.headers["sec-websocket-protocol"] == "kitfox.json"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b"{}",
        b"[1]",
        b'["reply", 1, {}]',
        b'["credit", 1, -1]',
        b'["request", -1, "", {}]',
        f'["{"é" * 1000}", 1]'.encode(),  # what is said of it would not fit into a close
    ],
)
async def test_a_message_that_is_no_frame_closes_the_websocket(serving, raw, message):
    async with serving() as url, raw(url, JSON) as client:
        client.send(TEXT, message)
        assert await client.closing() == 1002


@pytest.mark.parametrize(("offer", "opcode"), [(JSON, BINARY), (MESSAGEPACK, TEXT)])
async def test_a_message_of_the_wrong_type_closes_the_websocket(serving, raw, offer, opcode):
    async with serving() as url, raw(url, offer) as client:
        client.send(opcode, b'["end", 1]')
        assert await client.closing() == 1002


async def test_a_message_over_the_limit_closes_the_websocket(serving, raw):
    limits = WebSocketLimits(message=1000)
    async with serving(limits=limits) as url, raw(f"{url}/echo") as client:
        client.send(BINARY, b"x" * limits.frame)
        assert (await client.read())[1] == b"x" * limits.frame
        client.send(BINARY, b"x" * (limits.frame + 1))
        assert await client.closing() == 1009


async def test_fragments_count_together_towards_the_limit(serving, raw):
    limits = WebSocketLimits(message=1000)
    async with serving(limits=limits) as url, raw(f"{url}/echo") as client:
        client.send(BINARY, b"x" * limits.frame, fin=False)
        client.send(0, b"x")
        assert await client.closing() == 1009


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("origin: https://evil.example", 403),
        ("sec-fetch-site: cross-site", 403),
        ("origin: null", 403),
    ],
)
async def test_another_site_s_page_opens_no_websocket(serving, raw, header, status):
    async with serving() as url, raw(f"{url}/echo", header) as client:
        assert client.status == status
        assert client.headers["content-type"] == "application/problem+json"


async def test_a_page_of_the_same_site_opens_a_websocket(serving, raw):
    async with serving() as url, raw(f"{url}/echo", f"origin: http{url[2:]}") as client:
        assert client.status == 101


async def test_a_name_that_is_not_this_machine_s_opens_no_websocket(serving, raw):
    async with serving() as url, raw(url, shake=False) as client:
        await client.shake("ws://rebound.example/echo")
        assert client.status == 421


def bearer(token):
    return "kitfox.bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 401),
        (("authorization: Bearer wrong",), 401),
        (("authorization: Bearer the secret ~",), 101),
        ((f"sec-websocket-protocol: {bearer('wrong')}",), 401),
        (("sec-websocket-protocol: kitfox.bearer.!",), 401),
        ((f"sec-websocket-protocol: {bearer('the secret ~')}",), 101),
    ],
)
async def test_a_token_is_shown_in_a_header_or_among_the_subprotocols(
    serving, raw, headers, status
):
    http = {"token": "the secret ~"}
    async with serving(http=http) as url, raw(f"{url}/echo", *headers) as client:
        assert client.status == status
        assert "sec-websocket-protocol" not in client.headers


async def test_a_handler_is_offered_no_token_to_choose(serving, raw):
    offered = asyncio.get_running_loop().create_future()

    async def look(socket):
        offered.set_result(socket.subprotocols)

    offer = f"sec-websocket-protocol: chat, {bearer('right')}"
    listening = serving(http={"token": "right"}, handlers={"/look": look})
    async with listening as url, raw(f"{url}/look", offer) as client:
        assert client.status == 101
        assert await offered == ["chat"]


async def test_there_is_no_websocket_where_nobody_serves_one(serving, raw):
    async with serving() as url, raw(f"{url}/nothing") as client:
        assert client.status == 404


async def test_a_key_that_is_none_is_refused(serving, raw):
    async with serving() as url, raw(url, shake=False) as client:
        await client.shake(f"{url}/echo", key="short")
        assert client.status == 400


async def test_headers_of_no_concern_may_be_long(serving, raw):
    cookie = f"cookie: {'x' * 20_000}"
    async with serving() as url, raw(f"{url}/echo", cookie) as client:
        assert client.status == 101


async def test_an_http_port_without_websockets_answers_as_http(counter, raw):
    async with HTTP().listen(counter.routes()) as url, raw(url) as client:
        assert client.status == 404


async def test_a_handler_that_fails_closes_with_1011(serving, raw, caplog):
    async def fail(socket):
        await socket.receive()
        raise LookupError("no such fox")

    async with serving(handlers={"/fail": fail}) as url, raw(f"{url}/fail") as client:
        client.send(TEXT, b"go")
        assert await client.closing() == 1011
    assert "no such fox" in caplog.text


async def test_of_a_long_reason_is_said_what_fits(serving, raw):
    async def explain(socket):
        await socket.close(4001, "é" * 100)

    async with serving(handlers={"/": explain}) as url, raw(url) as client:
        assert await client.read() == (CLOSE, b"\x0f\xa1" + "é".encode() * 61)


async def test_a_handler_that_closes_with_a_code_that_is_none_has_failed(serving, raw, caplog):
    async def confuse(socket):
        await socket.close(42)

    async with serving(handlers={"/": confuse}) as url, raw(url) as client:
        assert await client.closing() == 1011
    assert "the handler of / failed" in caplog.text


async def test_a_handler_sees_path_query_headers_peer_and_subprotocols(serving, raw):
    seen = asyncio.get_running_loop().create_future()

    async def look(socket):
        await socket.accept(socket.subprotocols[1])
        seen.set_result(socket)
        await socket.send(b"\x00")
        await socket.close(4000, "seen")

    offer = "sec-websocket-protocol: one, two"
    async with serving(handlers={"/look": look}) as url, raw(url, shake=False) as client:
        await client.shake(f"{url}/look", offer)
        assert client.headers["sec-websocket-protocol"] == "two"
        assert await client.read() == (BINARY, b"\x00")
        client.send(CLOSE, b"\x0f\xa0")
        assert await client.closing() == 4000
        socket = await seen
        assert (socket.path, socket.query, socket.identity) == ("/look", b"", "")
        assert list(socket.subprotocols) == ["one", "two"]
        assert socket.headers[b"upgrade"] == b"websocket"
        assert socket.peer.startswith("127.0.0.1:")


async def test_a_handler_learns_why_its_client_left(serving, raw):
    left = asyncio.get_running_loop().create_future()

    async def listen(socket):
        try:
            await socket.receive()
        except WebSocketClosed as closed:
            left.set_result((closed.code, closed.reason))
            with pytest.raises(WebSocketClosed):
                await socket.receive()
            with pytest.raises(WebSocketClosed):
                await socket.send("too late")

    async with serving(handlers={"/": listen}) as url, raw(url) as client:
        client.send(CLOSE, b"\x0f\xa0later")
        async with fail_after(10):
            assert await left == (4000, "later")


async def test_a_client_that_does_not_read_lets_its_handler_wait(serving, raw, settled):
    sent = []

    async def flood(socket):
        while True:
            await socket.send(b"x" * 65536)
            sent.append(1)

    async with serving(handlers={"/": flood}) as url, raw(url) as client:
        client.writer.transport.pause_reading()
        most = await settled(lambda: len(sent))
        assert most * 65536 < 64 << 20
        client.writer.transport.resume_reading()
        while len(sent) == most:
            assert (await client.read())[0] == BINARY
        client.writer.transport.abort()


async def test_a_handler_that_sends_without_end_lets_others_have_their_turn(serving, raw):
    async def flood(socket):
        while True:
            await socket.send("x")

    async with serving(handlers={"/": flood}) as url, raw(url) as client:
        for _ in range(1000):
            assert await client.read() == (TEXT, b"x")
        client.writer.transport.abort()


async def test_a_handler_that_does_not_read_lets_its_client_wait(serving, raw, settled):
    gate, count = asyncio.Event(), 0

    async def sleep(socket):
        await socket.accept()
        await gate.wait()
        async for _ in socket:
            pass

    async def write(client):
        nonlocal count
        frame = client.frame(BINARY, b"x" * 65536)
        for count in range(1, 301):  # noqa: B007  it is looked at
            client.write(frame)
            await client.writer.drain()

    async with serving(handlers={"/": sleep}) as url, raw(url) as client:
        writing = asyncio.create_task(write(client))
        assert await settled(lambda: count) < 300
        gate.set()
        async with fail_after(10):
            await writing


async def test_a_client_of_which_nothing_is_heard_is_asked_and_dropped(serving, raw):
    keep_alive = KeepAlive(quiet=0.05, patience=0.1)
    async with serving(keep_alive=keep_alive) as url, raw(f"{url}/echo") as client:
        assert (await client.read())[0] == PING
        client.send(PONG)
        assert (await client.read())[0] == PING
        async with fail_after(10):
            await client.reader.read()


async def test_a_call_ends_when_its_websocket_is_lost(serving, raw, counter, eventually):
    async with serving() as url, raw(url, JSON) as client:
        client.send(TEXT, b'["request", 1, "/acme.v1.Counter/Wait", {}]')
        await eventually(lambda: counter.waiting)
        client.writer.transport.abort()
        await eventually(lambda: not counter.waiting)


async def test_a_listener_that_stops_says_so_and_closes_with_1012(counter, raw):
    listening = HTTP(websocket=WebSocket(), grace=0.1).listen(counter.routes())
    url = (await listening.__aenter__()).replace("http", "ws")
    async with raw(url, JSON) as client:
        client.send(TEXT, b'["request", 1, "/acme.v1.Counter/Double", {"number": 1}]')
        await said(client)
        stopping = asyncio.create_task(listening.__aexit__(None, None, None))
        assert await said(client) == ["away"]
        assert await client.closing() == 1012
        await stopping


async def test_handlers_are_closed_with_1012_when_the_listener_stops(counter, raw):
    websocket = WebSocket(handlers={"/echo": echo})
    listening = HTTP(websocket=websocket, grace=5).listen(counter.routes())
    url = (await listening.__aenter__()).replace("http", "ws")
    async with raw(f"{url}/echo") as client:
        client.send(TEXT, b"x")
        await client.read()
        stopping = asyncio.create_task(listening.__aexit__(None, None, None))
        assert await client.closing() == 1012
        await stopping


def fastapi():
    app = FastAPI()

    @app.websocket("/theirs")
    async def theirs(socket: FastAPIWebSocket):
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text.upper())

    return app


async def test_a_fallback_has_the_websockets_that_are_nobody_else_s(serving, raw):
    async with serving(http={"fallback": fastapi()}) as url:
        async with raw(f"{url}/theirs") as client:
            client.send(TEXT, b"fox")
            assert await client.read() == (TEXT, b"FOX")
            client.send(CLOSE, b"\x03\xe8")
            assert await client.closing() == 1000
        async with raw(f"{url}/not-theirs") as client:
            assert client.status == 403


async def test_an_application_that_fails_is_logged_and_closes_with_1011(serving, raw, caplog):
    async def broken(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        await receive()
        await send({"type": "websocket.accept"})
        raise LookupError("broken fox")

    caplog.set_level(logging.ERROR, "kitfox")
    async with serving(http={"fallback": broken}) as url, raw(f"{url}/x") as client:
        assert await client.closing() == 1011
    assert "broken fox" in caplog.text


@pytest.mark.parametrize(("error", "status"), [(None, 503), (LookupError, 500)])
async def test_an_application_that_does_not_decide_is_answered_for(serving, raw, error, status):
    async def undecided(scope, receive, send):
        if error is not None and scope["type"] == "websocket":
            raise error

    async with serving(http={"fallback": undecided}) as url, raw(f"{url}/x") as client:
        assert client.status == status


@pytest.mark.parametrize(
    ("early", "answer"),
    [
        ((TEXT, b"early"), (TEXT, b"early")),
        ((PING, b"early"), (PONG, b"early")),
        ((CLOSE, b"\x03\xe8"), (CLOSE, b"\x03\xe8")),
    ],
)
async def test_what_comes_before_the_handshake_is_answered_waits(
    serving, raw, early, answer, caplog
):
    gate = asyncio.Event()

    async def hesitate(socket):
        await gate.wait()
        async for message in socket:
            await socket.send(message)

    async with serving(handlers={"/": hesitate}) as url, raw(url, shake=False) as client:
        shaking = asyncio.create_task(client.shake(url))
        await asyncio.sleep(0)
        client.send(*early)
        gate.set()
        await shaking
        assert client.status == 101
        assert await client.read() == answer
    assert caplog.text == ""


@pytest.mark.parametrize("late", ["accept", "close"])
async def test_a_client_that_leaves_before_its_answer_is_no_error(serving, raw, late, caplog):
    left = asyncio.get_running_loop().create_future()

    async def slow(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        assert (await receive())["type"] == "websocket.connect"
        assert (await receive())["type"] == "websocket.disconnect"
        try:
            await send({"type": f"websocket.{late}"})
        finally:
            left.set_result(None)

    async with serving(http={"fallback": slow}) as url, raw(url, shake=False) as client:
        shaking = asyncio.create_task(client.shake(f"{url}/x"))
        await asyncio.sleep(0)
        client.writer.write_eof()
        async with fail_after(10):
            await left
        with pytest.raises(asyncio.IncompleteReadError):
            await shaking
    assert caplog.text == ""


async def test_empty_messages_that_nobody_takes_let_their_client_wait(serving, raw, settled):
    gate, count = asyncio.Event(), 0

    async def sleep(socket):
        await socket.accept()
        await gate.wait()

    async def write(client):
        nonlocal count
        many = client.frame(BINARY) * 10_000
        for count in range(1, 1001):  # noqa: B007  it is looked at
            client.write(many)
            await client.writer.drain()

    async with serving(handlers={"/": sleep}) as url, raw(url) as client:
        writing = asyncio.create_task(write(client))
        assert await settled(lambda: count) < 1000
        writing.cancel()
        gate.set()


async def test_handlers_need_not_wait_for_calls_when_the_listener_stops(counter, raw, eventually):
    websocket = WebSocket("/rpc", handlers={"/echo": echo})
    listening = HTTP(websocket=websocket, grace=60).listen(counter.routes())
    url = (await listening.__aenter__()).replace("http", "ws")
    async with raw(f"{url}/rpc", JSON) as caller, raw(f"{url}/echo") as client:
        caller.send(TEXT, b'["request", 1, "/acme.v1.Counter/Wait", {}]')
        await eventually(lambda: counter.waiting)
        stopping = asyncio.create_task(listening.__aexit__(None, None, None))
        assert await said(caller) == ["away"]
        assert await client.closing() == 1012
        assert counter.waiting
        caller.send(TEXT, b'["cancel", 1]')
        assert await caller.closing() == 1012
        await stopping


async def test_a_caller_that_does_not_read_does_not_keep_the_listener(counter, raw, settled):
    limits = WebSocketLimits(goodbye=0.1, unsent=1000)
    listening = HTTP(websocket=WebSocket(limits=limits), grace=0.1).listen(Flood().routes())
    url = (await listening.__aenter__()).replace("http", "ws")
    async with raw(url, JSON) as client:
        client.writer.transport.pause_reading()
        client.send(TEXT, b'["request", 1, "/acme.v1.Flood/Flow", {}]')
        client.send(TEXT, b'["credit", 1, 60000]')
        assert await settled(lambda: Flood.sent)
        async with fail_after(10):
            await listening.__aexit__(None, None, None)


def test_the_limits_are_of_calls_and_of_frames():
    limits = WebSocketLimits(message=10, calls=3)
    assert (limits.link.message, limits.link.calls) == (10, 3)
    assert limits.frame > limits.message
    assert math.isfinite(limits.goodbye)
