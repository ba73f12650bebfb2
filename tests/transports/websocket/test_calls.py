"""Calls on the wire, message by message, and what closes a WebSocket on which they come."""

import math

import pytest

from kitfox import fail_after
from kitfox.multiplex import KeepAlive
from kitfox.transports.websocket import WebSocketLimits

TEXT, BINARY, PING, PONG = 1, 2, 9, 10
JSON = "sec-websocket-protocol: kitfox.json"
MESSAGEPACK = "sec-websocket-protocol: kitfox.msgpack"


async def test_a_call_is_two_messages_of_json(serving, raw):
    async with serving() as url, raw(url, JSON) as client:
        assert client.headers["sec-websocket-protocol"] == "kitfox.json"
        client.send(TEXT, b'["request", 1, "/acme.v1.Counter/Double", {"number": 21}]')
        assert await client.said() == ["reply", 1, {"value": 42}, {}]


async def test_a_stream_is_items_and_a_reply(serving, raw):
    async with serving() as url, raw(url, JSON) as client:
        client.send(TEXT, b'["request", 7, "/acme.v1.Counter/Count", {"most": 2}, {}, 5.5]')
        assert [await client.said() for _ in range(3)] == [
            ["item", 7, {"value": 0}],
            ["item", 7, {"value": 1}],
            ["reply", 7, None, {}],
        ]


async def test_a_failure_has_a_code_and_says_what_is_wrong(serving, raw):
    async with serving() as url, raw(url, JSON) as client:
        client.send(TEXT, b'["request", 1, "/acme.v1.Counter/Double", {"number": "x"}]')
        kind, call, code, message, details, metadata = await client.said()
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


def test_the_limits_are_of_calls_and_of_frames():
    limits = WebSocketLimits(message=10, calls=3)
    assert (limits.link.message, limits.link.calls) == (10, 3)
    assert limits.frame > limits.message
    assert math.isfinite(limits.goodbye)
