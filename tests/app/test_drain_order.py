"""The order in which a server stops, as it is seen on the wires.

Not ready → HTTP's clients are asked to leave → deregistered → peers of links are told → nothing new
→ what runs ends → closed.
"""

import asyncio
from contextlib import AsyncExitStack, suppress

import msgpack
import pytest
import websockets.asyncio.client
import websockets.exceptions

from kitfox import Service, fail_after, rpc
from kitfox.app import Readiness, Server, connect
from kitfox.net import ConnectFailed, HTTPClient
from kitfox.registry import MemoryRegistry
from kitfox.transports.grpc import GRPC
from kitfox.transports.http import HTTP
from kitfox.transports.msgpack import RPC
from kitfox.transports.websocket import WebSocket


class Shop(Service, name="acme.Shop"):
    def __init__(self):
        self.inside = 0
        self.door = asyncio.Event()

    @rpc
    async def greet(self) -> str:
        return "hello"

    @rpc
    async def stay(self) -> str:
        self.inside += 1
        await self.door.wait()
        return "bye"


class Slow(MemoryRegistry):
    """A registry that takes its time to let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.may = asyncio.Event()

    async def deregister(self, instance) -> None:
        self.asked.set()
        await self.may.wait()


class Stopping:
    """A server of all wires, which stops step by step."""

    def __init__(self):
        self.shop, self.registry, self.readiness = Shop(), Slow(), Readiness()
        listeners = [
            HTTP(ready=self.readiness.ask, websocket=WebSocket()),
            RPC(),
            GRPC(),
        ]
        self._server = Server(
            self.shop,
            listeners=listeners,
            registrar=self.registry,
            readiness=self.readiness,
            notice=0.0,
        )
        self._stop = asyncio.Event()
        self._urls = asyncio.get_running_loop().create_future()
        self.serving = asyncio.create_task(self._serve())

    async def urls(self):
        http, rpc_url, grpc = await self._urls
        return {"http": http, "ws": http.replace("http", "ws"), "rpc": rpc_url, "grpc": grpc}

    def begin(self):
        self._stop.set()

    async def _serve(self):
        async with self._server.running() as urls:
            self._urls.set_result(urls)
            await self._stop.wait()


@pytest.fixture
async def stopping():
    async with fail_after(30):
        stopping = Stopping()
        try:
            yield stopping
        finally:
            stopping.begin()
            stopping.registry.may.set()
            stopping.shop.door.set()
            await stopping.serving


def place(url):
    host, _, port = url.partition("://")[2].rpartition(":")
    return host, int(port)


class Link:
    """MessagePack-RPC, byte by byte."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._frames = msgpack.Unpacker()

    def call(self, number):
        nothing = msgpack.ExtType(75, msgpack.packb({}))
        self._writer.write(msgpack.packb([0, number, "acme.Shop/Greet", [nothing], None, None]))

    async def frame(self):
        """Return the next frame, or None at the end."""
        while True:
            for frame in self._frames:
                return frame
            if not (data := await self._reader.read(4096)):
                self._writer.close()
                return None
            self._frames.feed(data)


class Streams:
    """HTTP/2, as far as gRPC's server begins it (RFC 9113, 3.4 and 4.1)."""

    SETTINGS, GOAWAY = 4, 7

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        writer.write(preface + bytes([0, 0, 0, self.SETTINGS, 0, 0, 0, 0, 0]))

    async def told_to_leave(self):
        """Wait for GOAWAY; IncompleteReadError when the end comes without a word."""
        try:
            kind = None
            while kind != self.GOAWAY:
                head = await self._reader.readexactly(9)
                kind = head[3]
                await self._reader.readexactly(int.from_bytes(head[:3]))
        finally:
            self._writer.close()


async def greets_on(url):
    async with connect(url) as connection:
        return await Shop.client(connection).greet()


class Peers:
    """A peer on each wire, and a call on each that goes on."""

    def __init__(self, urls, stack, http):
        self.urls = urls
        self._stack = stack
        self._http = http

    async def arrive(self, shop):
        self.link = Link(*await asyncio.open_connection(*place(self.urls["rpc"])))
        streams = Streams(*await asyncio.open_connection(*place(self.urls["grpc"])))
        self.leaving = asyncio.create_task(streams.told_to_leave())
        web = websockets.asyncio.client.connect(self.urls["ws"], subprotocols=["kitfox.json"])
        self.web = await self._stack.enter_async_context(web)
        self.stays = [asyncio.create_task(self._stay(url)) for url in self.urls.values()]
        while shop.inside < len(self.urls):
            await asyncio.sleep(0.01)

    async def _stay(self, url):
        async with connect(url) as connection:
            return await Shop.client(connection).stay()

    async def probe(self, path):
        reply = await self._http.request("GET", f"{self.urls['http']}{path}")
        return reply.status, dict(reply.headers).get(b"connection")

    async def are_let_in_no_more(self):
        with suppress(ConnectFailed):
            while True:
                async with HTTPClient() as late:
                    await late.request("GET", f"{self.urls['http']}/livez")


@pytest.fixture
async def peers(stopping):
    async with AsyncExitStack() as stack, HTTPClient() as http:
        peers = Peers(await stopping.urls(), stack, http)
        await peers.arrive(stopping.shop)
        yield peers
        await asyncio.wait([*peers.stays, peers.leaving])


async def test_a_stop_goes_its_way_on_every_wire(stopping, peers):
    assert await peers.probe("/readyz") == await peers.probe("/livez") == (200, None)

    # Not ready, and HTTP's clients are asked to leave; all else is as ever.
    stopping.begin()
    await stopping.registry.asked.wait()
    assert await peers.probe("/readyz") == (503, b"close")
    assert await peers.probe("/livez") == (200, b"close")
    assert {await greets_on(url) for url in peers.urls.values()} == {"hello"}
    peers.link.call(1)
    assert (await peers.link.frame())[:2] == [1, 1]
    assert not peers.leaving.done()

    # Deregistered: peers of links are told, and nobody else may come. What runs goes on.
    stopping.registry.may.set()
    assert await peers.link.frame() == [8]
    assert await peers.web.recv() == '["away"]'
    await peers.leaving
    await peers.are_let_in_no_more()
    assert not any(stay.done() for stay in peers.stays)

    # What runs ends; then all is closed, and WebSockets say why.
    stopping.shop.door.set()
    assert {await stay for stay in peers.stays} == {"bye"}
    assert await peers.link.frame() is None
    with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
        await peers.web.recv()
    assert closed.value.rcvd.code == 1012
    await stopping.serving
