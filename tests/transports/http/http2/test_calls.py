"""Calls over HTTP/2, and how its server begins and ends."""

import h2.connection
import h2.errors
import pytest

from kitfox import Unavailable, Unreachable
from kitfox.net import TLS
from kitfox.transports.http import HTTPConnection
from kitfox.transports.http.hypercorn import HTTP2
from kitfox.transports.websocket import WebSocket, WebSocketConnection


async def test_calls_share_one_connection_and_overtake_each_other(client, plane):
    slow = client.call("Wait")
    quick = [client.call("Double", number=number) for number in range(50)]
    for number, stream in enumerate(quick):
        assert (await client.over(stream)).reply == 2 * number
    assert not client.streams[slow].over
    plane.release.set()
    assert (await client.over(slow)).reply == "done"


async def test_replies_are_streamed(client):
    stream = client.call("Count", ("accept", "text/event-stream"), most=100)
    body = (await client.over(stream)).body
    assert body.count(b"data:") >= 100


async def test_a_handler_knows_the_caller_by_its_certificate(issue, serving, dial, plane):
    tls = issue("127.0.0.1", asks=True)
    caller = issue("portal.example")
    async with serving(tls=tls, websocket=WebSocket()) as url:
        async with dial(url, caller) as client:
            assert (await client.over(client.call("Who"))).reply == "portal.example"
        async with HTTPConnection(url, tls=caller) as connection:
            assert await plane.client(connection).who() == "portal.example"
        wss = url.replace("https", "wss")
        async with WebSocketConnection(wss, tls=caller) as connection:
            assert await plane.client(connection).who() == "portal.example"


async def test_a_caller_that_leaves_ends_its_handler(client, plane, eventually):
    stream = client.call("Wait")
    await eventually(lambda: plane.running == 1)
    client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
    client.flush()
    await eventually(lambda: plane.running == 0)


async def test_a_stopping_server_says_so_and_ends_what_runs(
    plane, serving, dial, eventually, stoppable
):
    async with stoppable(serving()) as (url, stop), dial(url) as client:
        running = client.call("Wait")
        await eventually(lambda: plane.running == 1)
        stopped = stop()
        await client.sent_away()
        late = await client.over(client.call("Double", number=4))
        assert late.reset == h2.errors.ErrorCodes.REFUSED_STREAM, "it may be asked elsewhere"
        plane.release.set()
        assert (await client.over(running)).reply == "done"
        await client.closed()
        await stopped


async def test_what_outlives_the_grace_is_told_so(plane, serving, dial, eventually, stoppable):
    async with stoppable(serving(grace=0.05)) as (url, stop), dial(url) as client:
        running = client.call("Wait")
        await eventually(lambda: plane.running == 1)
        stop()
        await client.sent_away()
        assert (await client.over(running)).status == 503


async def test_a_stranger_to_tls_is_not_answered(serving, plane):
    async with serving() as url, HTTPConnection(url, tls=TLS()) as stranger:
        with pytest.raises((Unavailable, Unreachable)):
            await plane.client(stranger).double(1)


async def test_a_fallback_application_is_started_and_stopped(serving):
    heard = []

    async def fallback(scope, receive, send):
        assert scope["type"] == "lifespan"
        for word in ("startup", "shutdown"):
            heard.append((await receive())["type"])
            await send({"type": f"lifespan.{word}.complete"})

    async with serving(fallback=fallback):
        assert heard == ["lifespan.startup"]
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


async def test_what_http2_cannot_have_is_refused_at_once(tls):
    with pytest.raises(ValueError, match="no upgrades"):
        HTTP2(tls=tls, upgrades={"kitfox-rpc": object()})
    with pytest.raises(ValueError, match="other machines"):
        HTTP2("0.0.0.0:0", tls=tls)
