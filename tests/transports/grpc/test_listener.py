"""Where a listener for gRPC listens, whom it lets in, and what it bears."""

import asyncio
import stat
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as stock_health

from kitfox import (
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unreachable,
    fail_after,
)
from kitfox.transports.grpc import GRPC, GRPCLimits

HEALTH = "grpc.health.v1.Health"


@pytest.fixture
async def opened():
    """Hold contexts until the test is over."""
    async with AsyncExitStack() as stack:
        yield stack


async def refused(unary, body=b"", **how):
    """Give the code and the text that a stock client hears."""
    with pytest.raises(grpc.aio.AioRpcError) as info:
        await unary(body, **how)
    return info.value.code().name, info.value.details()


async def test_port_zero_picks_a_port_and_a_second_listener_cannot_have_it(serve, connect):
    async with serve() as url, connect(url) as desk:
        assert await desk.add(1) == 2
        address = url.removeprefix("grpc://")
        with pytest.raises(OSError, match=f"another process listens at {address}"):
            async with serve(address):
                pass


async def test_version_6_of_ip_is_spoken(serve, connect):
    async with serve("[::1]:0") as url, connect(url) as desk:
        assert url.startswith("grpc://[::1]:")
        assert (await desk.who())[1].startswith("[::1]:")


async def test_a_unix_socket_is_open_to_its_owner_only_and_gone_afterwards(
    serve, connect, tmp_path
):
    path = tmp_path / "a desk"
    async with serve(f"unix:{path}") as url, connect(url) as desk:
        assert url == f"grpc+unix://{tmp_path}/a%20desk"
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert await desk.add(1) == 2
    assert not Path(path).exists()


async def test_a_unix_socket_of_a_living_server_is_not_taken_over(serve, connect, tmp_path):
    address = f"unix:{tmp_path / 'desk'}"
    async with serve(address) as url:
        with pytest.raises(OSError, match="another process listens there"):
            async with serve(address):
                pass
        async with connect(url) as desk:
            assert await desk.add(1) == 2


@pytest.mark.parametrize(
    ("address", "options", "message"),
    [
        ("nowhere", {}, "has no port"),
        ("0.0.0.0:0", {}, "can be reached from other machines"),
        (":0", {"token": " "}, "an empty token"),
    ],
)
def test_a_listener_that_cannot_be_meant_is_refused(address, options, message):
    with pytest.raises(ValueError, match=message):
        GRPC(address, **options)


async def test_who_does_not_show_the_token_may_only_ask_for_health(serve, connect, stock):
    async with serve(token="secret") as url:
        for shown in (None, "wrong"):
            async with connect(url, token=shown) as desk:
                with pytest.raises(Unauthenticated, match="token"):
                    await desk.add(1)
                with pytest.raises(Unauthenticated, match="token"):
                    [number async for number in desk.count(3)]
        async with connect(url, token="secret") as desk:
            assert await desk.add(1) == 2
        async with stock(url) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            assert (await health.Check(health_pb2.HealthCheckRequest())).status == 1
            reflect = channel.stream_stream(
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
            )
            with pytest.raises(grpc.aio.AioRpcError, match="UNAUTHENTICATED"):
                await reflect().read()


async def test_bytes_that_are_no_message_are_the_callers_fault(serve, stock):
    async with serve() as url, stock(url) as channel:
        unary = channel.unary_unary("/acme.v1.Desk/Add")
        assert (await refused(unary, b"\xff\xff"))[0] == "INVALID_ARGUMENT"
        assert await refused(channel.unary_unary("/acme.v1.Desk/Nope")) == (
            "UNIMPLEMENTED",
            "Method not found!",
        )
        assert await unary(b"\x08\x02") == b"\x08\x03"


async def test_a_message_over_the_limit_is_refused_at_either_end(serve, connect, stock):
    limits = GRPCLimits(message=1000)
    async with serve(limits=limits) as url:
        async with connect(url) as desk:
            with pytest.raises(ResourceExhausted, match="1000"):
                await desk.echo(b"x" * 1000)
            assert await desk.echo(b"x" * 900) == b"x" * 900
        async with connect(url, limits=GRPCLimits(message=500)) as desk:
            with pytest.raises(ResourceExhausted, match="the limit is 500"):
                await desk.echo(b"x" * 900)


async def test_more_calls_than_the_limit_are_refused(serve, connect, desk):
    async with serve(limits=GRPCLimits(calls=1)) as url, connect(url) as client:
        waiting = asyncio.create_task(client.wait())
        await desk.started.wait()
        with pytest.raises(ResourceExhausted):
            await client.add(1)
        waiting.cancel()
        await asyncio.wait([waiting])
        await desk.ended.wait()


async def test_metadata_over_the_limit_is_refused(serve, stock):
    async with serve(limits=GRPCLimits(metadata=2000)) as url, stock(url) as channel:
        unary = channel.unary_unary("/acme.v1.Desk/Add")
        code, _ = await refused(unary, b"\x08\x02", metadata=(("x-much", "x" * 4000),))
        assert code == "RESOURCE_EXHAUSTED"
        assert await unary(b"\x08\x02") == b"\x08\x03"


async def test_compressed_messages_are_read_whoever_compresses(serve, connect, stock):
    data = b"x" * 100_000
    for near in (False, True):
        async with serve(gzip=near) as url:
            for far in (False, True):
                async with connect(url, gzip=far) as desk:
                    assert await desk.echo(data) == data
            async with stock(url, compression=grpc.Compression.Deflate) as channel:
                assert await channel.unary_unary("/acme.v1.Desk/Add")(b"\x08\x02") == b"\x08\x03"


async def test_health_knows_the_services_and_nobody_else(serve, stock):
    async with serve() as url, stock(url) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", "acme.v1.Desk"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        code, _ = await refused(health.Check, health_pb2.HealthCheckRequest(service="x"))
        assert code == "NOT_FOUND"


async def test_who_watches_health_hears_of_the_end_and_does_not_delay_it(serve, stock, opened):
    async with serve(grace=60.0) as url:
        health = health_pb2_grpc.HealthStub(await opened.enter_async_context(stock(url)))
        known = health.Watch(health_pb2.HealthCheckRequest())
        unknown = health.Watch(health_pb2.HealthCheckRequest(service="x"))
        assert (await known.read()).status == health_pb2.HealthCheckResponse.SERVING
        assert (await unknown.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    for watch in (known, unknown):
        with pytest.raises(grpc.aio.AioRpcError, match="UNAVAILABLE"):
            await watch.read()


async def test_a_servicer_of_generated_code_stands_beside_ours(serve, connect, stock):
    servicer = stock_health.HealthServicer()
    await servicer.set("their.own", health_pb2.HealthCheckResponse.NOT_SERVING)

    def configure(server):
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)

    async with serve(configure=configure) as url, connect(url) as desk, stock(url) as channel:
        assert await desk.add(1) == 2
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service="their.own"))
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_no_service_is_served_twice(serve):
    def configure(server):
        handlers = {"Add": grpc.unary_unary_rpc_method_handler(lambda request, context: b"")}
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("acme.v1.Desk", handlers)]
        )

    with pytest.raises(ValueError, match=r"acme\.v1\.Desk: configure adds what is served already"):
        async with serve(configure=configure):
            pass


async def test_a_stop_is_announced_and_running_calls_end_well(serve, connect, desk):
    """A second connection cannot be made any more, while the first still has its call."""
    stopping = asyncio.Event()
    ready = asyncio.get_running_loop().create_future()

    async def run():
        async with serve(grace=10.0) as url:
            ready.set_result(url)
            await stopping.wait()

    server = asyncio.create_task(run())
    async with fail_after(10), connect(await ready) as client:
        waiting = asyncio.create_task(client.wait())
        await desk.started.wait()
        stopping.set()
        with pytest.raises(Unavailable):
            while True:
                async with connect(ready.result()) as late:
                    await late.add(1)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])
    await server


async def test_errors_say_their_details_to_everybody(serve, connect, stock):
    async with serve() as url:
        async with connect(url) as desk:
            with pytest.raises(NotFound, match="gone") as info:
                await desk.fail("gone")
            assert info.value.details == {"why": "gone"}
            with pytest.raises(InvalidArgument, match=r"^a: "):
                await desk.add("one")
        async with stock(url) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as told:
                await channel.unary_unary("/acme.v1.Desk/Fail")(b"\x0a\x04gone")
            assert told.value.code() is grpc.StatusCode.NOT_FOUND
            trailers = dict(told.value.trailing_metadata())
            assert b"google.protobuf.Struct" in trailers["grpc-status-details-bin"]


async def test_a_server_that_is_not_there_is_unreachable_and_says_why(connect):
    async with connect("grpc://127.0.0.1:1") as desk:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 cannot be reached: .*refused"):
            await desk.add(1)
