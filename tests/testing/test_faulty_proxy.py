"""What a proxy does to the bytes between a real client and a real server."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from kitfox import DeadlineExceeded, Unavailable, fail_after
from kitfox.testing import FaultyProxy
from kitfox.transports.grpc import GRPC, GRPCConnection
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.msgpack import RPC, RPCConnection

WIRES = {
    "http": (HTTP, HTTPConnection),
    "rpc": (RPC, RPCConnection),
    "grpc": (GRPC, GRPCConnection),
}


@pytest.fixture(params=WIRES)
def wire(request):
    return WIRES[request.param]


@pytest.fixture
def serve(den, wire):
    listener, connection = wire

    @asynccontextmanager
    async def serving(**options):
        async with (
            fail_after(20.0),
            listener("127.0.0.1:0", grace=0.0).listen(den.routes()) as url,
            FaultyProxy(url, **options) as proxy,
            connection(proxy.url) as dialled,
        ):
            yield proxy, type(den).client(dialled, timeout=5.0)

    return serving


async def test_a_sound_proxy_is_not_noticed(serve):
    async with serve() as (_, den):
        assert await den.get(1) == 1
        assert [number async for number in den.count(100)] == list(range(100))


async def test_a_stalled_proxy_is_silent_until_it_goes_on(serve):
    async with serve() as (proxy, den):
        await den.get(1)
        proxy.stalled = True
        assert proxy.stalled
        with pytest.raises(TimeoutError):
            async with fail_after(0.05):
                await den.get(2)
        call = asyncio.create_task(den.get(3))
        await asyncio.sleep(0)
        proxy.stalled = False
        assert await call == 3


async def test_cutting_breaks_what_runs_and_later_calls_go_on(serve):
    async with serve() as (proxy, den):
        items = den.count(1_000_000)
        assert await anext(items) == 0
        await proxy.cut()
        with pytest.raises(Unavailable):
            while True:
                await anext(items)
        assert await eventually(den.get, 1) == 1


async def eventually(call, *args):
    """Call until somebody answers: a wire may take a while to connect again."""
    async with fail_after(10.0):
        while True:
            try:
                return await call(*args)
            except Unavailable:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("back", [0, 1, 3, 10, 30, 100])
async def test_a_reply_that_breaks_off_in_a_frame_is_unavailable(serve, back):
    async with serve(back=back) as (_, den):
        with pytest.raises(Unavailable):
            _ = [number async for number in den.count(1000)]


@pytest.mark.parametrize("there", [0, 1, 3, 10, 20])
async def test_a_request_that_breaks_off_in_a_frame_is_unavailable(serve, den, there):
    async with serve(there=there) as (_, client):
        with pytest.raises(Unavailable):
            await client.get(1)
        assert den.served == []


async def test_nobody_behind_the_proxy_is_unavailable(wire, den):
    _, connection = wire
    async with (
        fail_after(20.0),
        FaultyProxy("http://127.0.0.1:1") as proxy,
        connection(proxy.url.replace("http", wire[0].__name__.lower())) as dialled,
    ):
        with pytest.raises((Unavailable, DeadlineExceeded)):
            await type(den).client(dialled, timeout=2.0).get(1)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "memory:one", "unix:/run/x"])
def test_a_url_without_a_port_is_refused(url):
    with pytest.raises(ValueError, match="expected a URL with a host and a port"):
        FaultyProxy(url)


async def test_who_is_cut_before_anything_was_passed_on_is_cut_all_the_same():
    async with fail_after(5.0), FaultyProxy("http://127.0.0.1:9") as proxy:
        port = int(proxy.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setblocking(False)
            for _ in range(20):  # in one of these turns of the loop it is accepted, and no more
                await asyncio.sleep(0)
                await proxy.cut()
            assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
