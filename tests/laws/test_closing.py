"""A listener that stops lets running calls end, for a while, and takes no new ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from kitfox import DeadlineExceeded, Kind, Service, Unavailable, rpc
from kitfox.transports.grpc import GRPCConnection


class Shop(Service, name="laws.Shop"):
    def __init__(self, name="shop"):
        self.name = name
        self.inside = 0
        self.door = asyncio.Event()
        self.entered = asyncio.Event()
        self.thrown_out = asyncio.Event()
        self.left = asyncio.Event()

    @rpc
    async def greet(self) -> str:
        return self.name

    @rpc
    async def stay(self) -> str:
        self.inside += 1
        self.entered.set()
        try:
            await self.door.wait()
        except asyncio.CancelledError:
            self.thrown_out.set()
            raise
        finally:
            self.left.set()
        return "bye"

    @rpc
    async def browse(self) -> AsyncIterator[int]:
        try:
            for number in range(1_000_000):
                yield number
                await self.door.wait()
        finally:
            self.left.set()


@pytest.fixture
def shop():
    return Shop()


async def refused(connection):
    """Wait until the server takes no new call.

    Over grpcio, one that comes in the very moment of stopping may hear nothing before its deadline.
    """
    client = Shop.client(connection, timeout=1.0)
    mute = DeadlineExceeded if isinstance(connection, GRPCConnection) else ()
    with suppress(Unavailable):
        while True:
            with suppress(mute):
                await client.greet()


async def test_a_running_call_ends_well_while_the_server_stops(run_server, shop):
    async with run_server(shop, grace=10) as (server, connection):
        call = asyncio.create_task(Shop.client(connection).stay())
        await shop.entered.wait()
        stopped = server.stop()
        await refused(connection)
        assert not call.done()
        shop.door.set()
        assert await call == "bye"
        await stopped
    assert not shop.thrown_out.is_set()


async def test_a_call_that_outlives_the_grace_is_cancelled_and_unavailable(run_server, shop):
    async with run_server(shop, grace=0) as (server, connection):
        call = asyncio.create_task(Shop.client(connection).stay())
        await shop.entered.wait()
        stopped = server.stop()
        with pytest.raises(Unavailable):
            await call
        await stopped
        await shop.thrown_out.wait()


async def test_fifty_calls_that_outlive_the_grace_are_all_told(run_server, shop, eventually):
    async with run_server(shop, grace=0) as (server, connection):
        client = Shop.client(connection)
        calls = [asyncio.create_task(client.stay()) for _ in range(50)]
        await eventually(lambda: shop.inside == 50)
        server.stop()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}


async def test_when_the_listener_is_left_nobody_is_inside(run_server, shop):
    async with run_server(shop, grace=0) as (server, connection):
        call = asyncio.create_task(Shop.client(connection).stay())
        await shop.entered.wait()
        await server.stop()
        assert shop.left.is_set()
        await asyncio.wait([call])
        assert isinstance(call.exception(), Unavailable)


async def test_a_call_after_the_end_is_unavailable(run_server, shop):
    async with run_server(shop) as (server, connection):
        client = Shop.client(connection)
        assert await client.greet() == "shop"
        await server.stop()
        for _ in range(3):
            with pytest.raises(Unavailable):
                await client.greet()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_an_endless_stream_does_not_hold_up_the_end(run_server, shop):
    shop.door.set()
    async with run_server(shop, grace=0.2) as (server, connection):
        stream = Shop.client(connection).browse()
        assert await anext(stream) == 0
        stopped = server.stop()
        with pytest.raises(Unavailable):
            async for _ in stream:
                pass
        await stopped
    assert shop.left.is_set()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_an_endless_stream_is_told_to_come_back_long_before_the_grace_is_over(
    run_server, shop
):
    async with run_server(shop, grace=600) as (server, connection):
        stream = Shop.client(connection).browse()
        assert await anext(stream) == 0
        call = asyncio.create_task(Shop.client(connection).stay())
        await shop.entered.wait()
        stopped = server.stop()
        with pytest.raises(Unavailable) as told:
            await anext(stream)
        assert told.value.details == {"reason": "stopping"}
        assert not call.done()
        shop.door.set()
        assert await call == "bye"
        await stopped


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_stream_that_is_cut_off_does_not_look_complete(run_server, shop):
    async with run_server(shop, grace=0) as (server, connection):
        stream = Shop.client(connection).browse()
        assert await anext(stream) == 0
        stopped = server.stop()
        with pytest.raises(Unavailable):
            await anext(stream)
        await stopped


async def test_a_listener_may_listen_again(wire):
    place = wire(grace=1)
    for name in ("first", "second"):
        routes = Shop(name).routes()
        async with place.listener.listen(routes) as address, place.dial(address) as connection:
            assert await Shop.client(connection).greet() == name


async def test_a_server_that_nobody_called_just_stops(run_server, shop):
    async with run_server(shop, grace=60) as (server, _):
        await server.stop()


async def test_a_stop_that_is_cut_short_leaves_nobody_inside(run_server, shop):
    """A second Ctrl-C: whoever waits for the grace is cancelled himself."""
    async with run_server(shop, grace=60) as (server, connection):
        call = asyncio.create_task(Shop.client(connection).stay())
        await shop.entered.wait()
        stopped = server.stop()
        await refused(connection)
        stopped.cancel()
        await asyncio.wait([stopped, call])
        await shop.left.wait()
        assert isinstance(call.exception(), Unavailable)
