"""A client that leaves is missed three hops further on, each over another wire."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from kitfox import Service, fail_after, rpc
from kitfox.net import HTTPClient, address_of, bind
from kitfox.scope import ScopeCancelled, current_scope
from kitfox.transports.grpc import GRPC, GRPCConnection
from kitfox.transports.http import HTTP
from kitfox.transports.msgpack import RPC, RPCConnection
from kitfox.transports.websocket import WebSocket, WebSocketConnection

ASK = b"POST /hops.First/Ask HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
ASK += b"content-length: 2\r\n\r\n{}"


class Last(Service, name="hops.Last"):
    """Where the way ends: it works until nobody wants its answer any more."""

    def __init__(self):
        self.started, self.ended = asyncio.Event(), asyncio.Event()
        self.scope = None
        self.cancelled = False

    @rpc
    async def ask(self) -> str:
        self.scope = current_scope()
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.ended.set()


class Second(Service, name="hops.Second"):
    def __init__(self, onward):
        self.onward = onward

    @rpc
    async def ask(self) -> str:
        return await self.onward.ask()


class First(Service, name="hops.First"):
    def __init__(self, onward):
        self.onward = onward

    @rpc
    async def ask(self) -> str:
        return await self.onward.ask()


class Elsewhere:
    """A server that is none of ours: it never answers, and notes who hangs up."""

    def __init__(self):
        self.started, self.ended = asyncio.Event(), asyncio.Event()

    async def serve(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.started.set()
        await reader.read()
        self.ended.set()
        writer.close()


class Fetching(Service, name="hops.Second"):
    """Asks that server, with a plain HTTP request."""

    def __init__(self, client, url):
        self.client, self.url = client, url

    @rpc
    async def ask(self) -> str:
        return (await self.client.request("GET", self.url)).body.decode()


def as_websocket(address):
    return address.replace("http", "ws", 1)


WIRES = {
    "grpc": (GRPC, GRPCConnection, {}, str),
    "rpc": (RPC, RPCConnection, {}, str),
    "websocket": (HTTP, WebSocketConnection, {"websocket": WebSocket}, as_websocket),
}


@pytest.fixture
async def house():
    """What serves; all of it stops when the test is over."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def reach(house):
    """Serve a service on a wire, and give a client of it."""

    async def served(service, wire):
        listener, connection, options, url = WIRES[wire]
        made = listener(":0", **{name: make() for name, make in options.items()})
        address = await house.enter_async_context(made.listen(service.routes()))
        dialled = await house.enter_async_context(connection(url(address)))
        return type(service).client(dialled)

    return served


@pytest.fixture
def call_and_leave(house):
    """Call the first hop over HTTP as any program would, and hang up when the last one works."""

    async def leave(first, last):
        address = await house.enter_async_context(HTTP(":0").listen(first.routes()))
        host, _, port = address.removeprefix("http://").partition(":")
        async with fail_after(20):
            _, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(ASK)
                await last.started.wait()
                assert not last.ended.is_set()
            finally:
                writer.close()
            await last.ended.wait()

    return leave


@pytest.mark.parametrize("wires", [("rpc", "grpc"), ("grpc", "websocket"), ("websocket", "rpc")])
async def test_the_last_handler_is_cancelled_when_the_first_client_leaves(
    reach, call_and_leave, wires
):
    last = Last()
    second = await reach(Second(await reach(last, wires[1])), wires[0])
    await call_and_leave(First(second), last)
    assert last.cancelled
    assert isinstance(last.scope.err, ScopeCancelled)


async def test_a_plain_http_request_from_a_handler_is_given_up_too(house, reach, call_and_leave):
    elsewhere = Elsewhere()
    listening = bind(":0")
    await house.enter_async_context(await asyncio.start_server(elsewhere.serve, sock=listening))
    client = await house.enter_async_context(HTTPClient())
    second = await reach(Fetching(client, f"http://{address_of(listening)}/"), "rpc")
    await call_and_leave(First(second), elsewhere)
