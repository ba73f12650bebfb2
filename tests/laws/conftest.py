"""What the laws of Listener and Connection are tried on: one entry of WIRES is one more wire.

A law that needs more than unary calls names the kinds it needs (`@pytest.mark.carries(…)`) and runs
on the wires that carry them; that the others refuse such calls is a law of its own (test_kinds).
"""

import asyncio
import atexit
import itertools
import shutil
import tempfile
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest
import trustme

from kitfox import Call, Kind, Through, methods_of
from kitfox.codecs import MessagePack
from kitfox.core import InFlight
from kitfox.multiplex import CallerEnd, Dialled, LinkLimits, ServerEnd, Services
from kitfox.net import TLS
from kitfox.transports.grpc import GRPC, GRPCConnection, GRPCLimits
from kitfox.transports.http import HTTP, HTTPConnection, HTTPLimits
from kitfox.transports.http.hypercorn import HTTP2
from kitfox.transports.memory import Memory
from kitfox.transports.msgpack import RPC, RPCConnection, RPCLimits, RPCUpgrade
from kitfox.transports.nats import NATS, NATSConnection
from kitfox.transports.websocket import WebSocket, WebSocketConnection, WebSocketLimits
from nats_server import NATSServer

# No law waits longer, seconds. Not `fail_after`: the calls inside must know of no deadline.
PATIENCE = 20.0


@cache
def both_sides():
    """Make a TLS for servers on 127.0.0.1 and their clients alike, once."""
    authority, folder = trustme.CA(), Path(tempfile.mkdtemp())
    authority.cert_pem.write_to_path(ca := folder / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(certificate := folder / "both.pem")
    atexit.register(shutil.rmtree, folder)
    return TLS(certificate=certificate, ca=ca, client_ca=ca)


def tls():
    return {"tls": both_sides()}


def wire_of(listener, connection, limit, *, url=str, near=dict, far=dict):
    """Make a wire on a port of loopback; `near` and `far` give its ends further arguments."""

    class Wire:
        kinds = listener.kinds if connection is HTTPConnection else frozenset(Kind)

        def __init__(self, *, grace):
            self.listener = listener("127.0.0.1:0", grace=grace, **near())

        @asynccontextmanager
        async def dial(self, address):
            async with connection(url(address), **far()) as made:
                yield made

    Wire.limit = limit
    return Wire


def as_websocket(address):
    return address.replace("http", "ws", 1)


class MemoryWire:
    """The wire without a wire."""

    kinds = Memory.kinds
    limit = None

    def __init__(self, *, grace):
        self.listener = Memory(grace=grace)

    @asynccontextmanager
    async def dial(self, address):
        yield self.listener


class Loop:
    """One direction's end of a link in this process: what is sent arrives in the next turn."""

    peer, identity = "loop:", ""

    def __init__(self):
        self.receive = self.other = self.lost = None

    def send(self, frame):
        if self.other is not None:
            asyncio.get_running_loop().call_soon(self.other.receive, frame)

    async def writable(self):
        await asyncio.sleep(0)

    def close(self):
        for end in (self, self.other):
            if end is not None and end.other is not None:  # it is closed once
                end.other = None
                asyncio.get_running_loop().call_soon(end.lost)


class MultiplexWire:
    """The two ends of `kitfox.multiplex` with nothing but the event loop between them."""

    kinds = frozenset(Kind)
    limit = LinkLimits().message

    def __init__(self, *, grace):
        self.listener = self
        self._grace = grace
        self._codec = MessagePack()

    @asynccontextmanager
    async def listen(self, routes):
        self._services, self._in_flight = Services(routes, self._codec), InFlight()
        self._links = {}
        try:
            yield "loop:"
        finally:
            for end in self._links.values():
                end.leave()
            await self._in_flight.drain(self._grace)
            for link in list(self._links):
                link.close()
            self._services = None

    async def _dialled(self):
        if self._services is None:
            raise ConnectionRefusedError("nobody listens")
        near, far = Loop(), Loop()
        near.other, far.other = far, near
        caller = CallerEnd(near, LinkLimits())
        server = self._links[far] = ServerEnd(far, self._services, self._in_flight, LinkLimits())
        near.receive, far.receive = caller.receive, server.receive
        near.lost = lambda: caller.lose("the loop is cut")
        far.lost = lambda: (self._links.pop(far), server.lose())
        return caller

    @asynccontextmanager
    async def dial(self, address):
        connection = Dialled(self._dialled, self._codec, where=address)
        try:
            yield connection
        finally:
            await connection.aclose()


class NATSWire:
    """NATS, with a real server between. Each has an account there, as if it were alone."""

    kinds = NATS.kinds
    limit = 2**20 - 2**14  # the server's default, less the room for headers

    accounts = ("moss", "fern", "reed")
    server = NATSServer(
        "accounts {"
        + "".join(f"{name} {{ users: [{{ user: {name}, password: pw }}] }}\n" for name in accounts)
        + "}"
    )
    turns = itertools.cycle(accounts)

    def __init__(self, *, grace):
        self._url = self.server.url.replace("//", f"//{next(self.turns)}:pw@")
        self.listener = NATS(self._url, grace=grace)

    @asynccontextmanager
    async def dial(self, address):
        assert address == self.server.url
        async with NATSConnection(self._url) as connection:
            yield connection


@pytest.fixture(scope="session", autouse=True)
def nats_server():
    """Start what NATSWire needs, before any test looks for processes left behind."""
    NATSWire.server.start()
    yield
    NATSWire.server.kill()


_HTTP = (HTTP, HTTPConnection, HTTPLimits().body)
_RPC = (RPC, RPCConnection, RPCLimits().message)
_GRPC = (GRPC, GRPCConnection, GRPCLimits().message)
_WEBSOCKET = (HTTP, WebSocketConnection, WebSocketLimits().message)

WIRES = {
    "memory": MemoryWire,
    "multiplex": MultiplexWire,
    "nats": NATSWire,
    "grpc": wire_of(*_GRPC),
    "grpcs": wire_of(*_GRPC, near=tls, far=tls),
    "http": wire_of(*_HTTP),
    "https": wire_of(*_HTTP, near=tls, far=tls),
    "http2": wire_of(HTTP2, *_HTTP[1:], near=tls, far=tls),
    "rpc": wire_of(*_RPC),
    "rpcs": wire_of(*_RPC, near=tls, far=tls),
    "rpc+http": wire_of(
        HTTP,
        *_RPC[1:],
        url=lambda address: f"rpc+{address}",
        near=lambda: {"upgrades": {"kitfox-rpc": RPCUpgrade()}},
    ),
    "websocket": wire_of(*_WEBSOCKET, url=as_websocket, near=lambda: {"websocket": WebSocket()}),
    "wss": wire_of(
        *_WEBSOCKET,
        url=as_websocket,
        near=lambda: {**tls(), "websocket": WebSocket()},
        far=lambda: {**tls(), "codec": "json"},
    ),
}


def pytest_configure(config):
    config.addinivalue_line("markers", "carries(*kinds): the wire must carry these kinds")


def pytest_generate_tests(metafunc):
    if "wire" in metafunc.fixturenames:
        marks = metafunc.definition.iter_markers("carries")
        needed = {Kind.UNARY}.union(*(mark.args for mark in marks))
        fit = [name for name, wire in WIRES.items() if needed <= wire.kinds]
        metafunc.parametrize("wire", [WIRES[name] for name in fit], ids=fit)


class Server:
    """A listener in a task of its own, so that a test can stop it while calls run."""

    def __init__(self, place):
        self._place = place
        self._stopping = asyncio.Event()
        self._listening = asyncio.get_running_loop().create_future()

    async def start(self, routes):
        self._task = asyncio.create_task(self._run(routes))
        return await self._listening

    async def _run(self, routes):
        async with self._place.listener.listen(routes) as address:
            self._listening.set_result(address)
            await self._stopping.wait()

    def stop(self):
        """Begin to stop; the task returned ends when all is over."""
        self._stopping.set()
        return self._task

    async def over(self):
        await asyncio.wait([self.stop()])
        if not self._task.cancelled():
            self._task.result()


@pytest.fixture
def run_server(wire):
    """Serve a service and give (server, connection): `server.stop()` is the test's to call."""

    @asynccontextmanager
    async def run(service, *, grace=5.0):
        place = wire(grace=grace)
        server = Server(place)
        async with asyncio.timeout(PATIENCE):  # noqa: TID251  see PATIENCE
            address = await server.start(service.routes())
            try:
                async with place.dial(address) as connection:
                    yield server, connection
            finally:
                await server.over()

    return run


@pytest.fixture
def serve(run_server):
    """Serve a service for the length of a block, and give the connection to it."""

    @asynccontextmanager
    async def serving(service, *, grace=5.0):
        async with run_server(service, grace=grace) as (_, connection):
            yield connection

    return serving


@pytest.fixture
def eventually():
    """Wait until something holds."""

    async def wait(holds):
        async with asyncio.timeout(PATIENCE):  # noqa: TID251  see PATIENCE
            while not holds():
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def settled():
    """Wait until a count has stopped growing, and return it."""

    async def wait(count):
        last, quiet = count(), 0
        async with asyncio.timeout(PATIENCE):  # noqa: TID251  see PATIENCE
            while quiet < 20:
                await asyncio.sleep(0.01)
                quiet = quiet + 1 if count() == last else 0
                last = count()
        return last

    return wait


@pytest.fixture
def raw_call():
    """Make a unary call with nothing between the test and the wire: no deadline is enforced."""

    async def make(connection, service, name, *fields, **call):
        method = methods_of(service)[name]
        endpoint = connection.endpoint(method)
        return await endpoint(Call(method, **call), method.request(*fields))

    return make


@pytest.fixture
def with_metadata():
    """Wrap a connection: calls carry some metadata, and the calls made are kept in `calls`."""

    def wrap(connection, metadata):
        calls = []

        def middleware(endpoint):
            async def call_with(call, message):
                calls.append(call)
                call.metadata.update(metadata)
                return await endpoint(call, message)

            return call_with

        return Through(connection, middleware), calls

    return wrap
