"""What strangers may do to a server of HTTP/2, and what not."""

import asyncio
from urllib.parse import urlsplit

import h2.connection
import h2.errors
import pytest

from kitfox.transports.http import HTTPLimits
from kitfox.transports.websocket import WebSocket


async def test_the_doors_rules_are_the_same(serving, dial):
    async with serving(token="fox", websocket=WebSocket()) as url, dial(url) as client:
        assert (await client.over(client.call("Double", number=1))).status == 401
        right = "authorization", "Bearer fox"
        assert (await client.over(client.call("Double", right, number=1))).reply == 2
        assert (await client.over(client.open_websocket())).status == 401
    async with serving(websocket=WebSocket()) as url, dial(url) as client:
        client.authority = "evil.example"
        assert (await client.over(client.call("Double", number=1))).status == 421
        client.authority = urlsplit(url).netloc
        other = ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")
        assert (await client.over(client.call("Double", *other, number=1))).status == 403
        protocol = "sec-websocket-protocol", "kitfox.json"
        assert (await client.over(client.open_websocket("/", protocol, *other))).status == 403


async def test_who_sends_too_much_is_answered_and_may_go_on(serving, dial):
    limits = HTTPLimits(body=1000)
    async with serving(limits=limits) as url, dial(url) as client:
        stream = client.ask("POST", "/test.Plane/Double", end=False)
        for _ in range(30):
            client.send(stream, b"x" * 1000)
        assert (await client.over(stream)).status == 413
        client.send(stream, b"x" * 1000)
        assert (await client.over(client.call("Double", number=4))).reply == 8


async def test_a_client_may_send_ever_more_over_one_connection(client):
    text = " " * 10_000
    for number in range(30):  # many times what the connection holds at once
        await client.until(lambda: client.h2.outbound_flow_control_window > 2 * len(text))
        stream = client.call("Double", number=number, unknown=text)
        assert (await client.over(stream)).reply == 2 * number


async def test_a_body_that_does_not_come_ends_its_stream_alone(serving, dial):
    limits = HTTPLimits(request_time=0.2)
    async with serving(limits=limits) as url, dial(url) as client:
        stream = client.ask("POST", "/test.Plane/Double", end=False)
        await client.over(stream)
        assert (await client.over(client.call("Double", number=4))).reply == 8


async def fails_midway(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ZeroDivisionError


async def test_a_reply_that_broke_off_does_not_look_whole(serving, dial, caplog):
    async with serving(fallback=fails_midway) as url, dial(url) as client:
        stream = await client.over(client.ask("GET", "/any"))
        assert stream.reset == h2.errors.ErrorCodes.INTERNAL_ERROR
        assert not stream.ended
        assert (await client.over(client.call("Double", number=4))).reply == 8
    assert "ZeroDivisionError" in caplog.text


async def never_reads(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    await asyncio.get_running_loop().create_future()


async def test_an_application_that_does_not_read_stops_no_other_stream(serving, dial):
    async with serving(fallback=never_reads, grace=0.1) as url, dial(url) as client:
        stream = client.open_websocket("/any")
        await client.begun(stream)
        for _ in range(100):
            client.send(stream, client.message(b"x" * 100))
        assert (await client.over(client.call("Double", number=4))).reply == 8
        assert client.room(stream) < 65535 - 90 * 100, "nobody has taken them"


@pytest.mark.parametrize(
    "request_of",
    [
        lambda client: client.ask("GET", "/é".encode().decode("latin-1")),
        lambda client: client.ask("CONNECT", "/", (":protocol", "connect-udp"), end=False),
        lambda client: client.ask("GET", "/\x80"),
    ],
)
async def test_what_nobody_can_serve_is_refused_by_itself(client, request_of):
    await client.until(lambda: client.h2.remote_settings.enable_connect_protocol)
    stream = await client.over(request_of(client))
    assert stream.reset == h2.errors.ErrorCodes.REFUSED_STREAM
    assert (await client.over(client.call("Double", number=4))).reply == 8


async def test_who_asks_and_takes_back_for_ever_is_cut_off(client):
    for _ in range(300):
        stream = client.ask("POST", "/test.Plane/Wait", end=False)
        client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
    client.flush()
    await client.closed()


async def test_no_more_connections_than_allowed(serving, dial):
    async with serving(limits=HTTPLimits(connections=1)) as url, dial(url) as first:
        assert (await first.over(first.call("Double", number=1))).reply == 2
        async with dial(url) as second:
            await second.closed()
        assert (await first.over(first.call("Double", number=1))).reply == 2


async def test_an_idle_connection_is_closed(serving, dial):
    async with serving(limits=HTTPLimits(idle=0.1)) as url, dial(url) as client:
        await client.closed()
