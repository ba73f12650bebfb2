"""What becomes of WebSockets when their listener stops."""

import asyncio
from collections.abc import AsyncIterator

from kitfox import Service, fail_after, rpc
from kitfox.transports.http import HTTP
from kitfox.transports.websocket import WebSocket, WebSocketLimits

TEXT = 1
JSON = "sec-websocket-protocol: kitfox.json"


class Flood(Service, name="acme.v1.Flood"):
    """Says more than anybody takes."""

    sent = 0

    @rpc
    async def flow(self) -> AsyncIterator[str]:
        """Flow."""
        while True:
            yield "x" * 65536
            Flood.sent += 1


async def test_a_listener_that_stops_says_so_and_closes_with_1012(serving, raw):
    listening = serving(http={"grace": 0.1})
    url = await listening.__aenter__()
    async with raw(url, JSON) as client:
        client.send(TEXT, b'["request", 1, "/acme.v1.Counter/Double", {"number": 1}]')
        await client.said()
        stopping = asyncio.create_task(listening.__aexit__(None, None, None))
        assert await client.said() == ["away"]
        assert await client.closing() == 1012
        await stopping


async def test_handlers_are_closed_with_1012_when_the_listener_stops(serving, raw):
    listening = serving(http={"grace": 5})
    url = await listening.__aenter__()
    async with raw(f"{url}/echo") as client:
        client.send(TEXT, b"x")
        await client.read()
        stopping = asyncio.create_task(listening.__aexit__(None, None, None))
        assert await client.closing() == 1012
        await stopping


async def test_handlers_need_not_wait_for_calls_when_the_listener_stops(
    serving, raw, counter, eventually
):
    listening = serving(http={"grace": 60})
    url = await listening.__aenter__()
    async with raw(url, JSON) as caller, raw(f"{url}/echo") as client:
        caller.send(TEXT, b'["request", 1, "/acme.v1.Counter/Wait", {}]')
        await eventually(lambda: counter.waiting)
        stopping = asyncio.create_task(listening.__aexit__(None, None, None))
        assert await caller.said() == ["away"]
        assert await client.closing() == 1012
        assert counter.waiting
        caller.send(TEXT, b'["cancel", 1]')
        assert await caller.closing() == 1012
        await stopping


async def test_a_caller_that_does_not_read_does_not_keep_the_listener(raw, settled):
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
