"""Connections over gRPC: how they come about and end, and what servers of others say."""

import asyncio
import logging
import socket
from contextlib import asynccontextmanager

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from kitfox import (
    Cancelled,
    Internal,
    NotFound,
    Service,
    Unauthenticated,
    Unavailable,
    Unreachable,
    fail_after,
    methods_of,
    rpc,
)
from kitfox.core import Call
from kitfox.transports.grpc import GRPC, GRPCConnection

THREE = b"\x08\x03"


@pytest.fixture
def others():
    """Serve the desk's Add by a behaviour of grpcio's, for a block; give the URL."""

    @asynccontextmanager
    async def serving(behaviour):
        server = grpc.aio.server()
        handlers = {"Add": grpc.unary_unary_rpc_method_handler(behaviour)}
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("acme.v1.Desk", handlers)]
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with fail_after(10):
                yield f"grpc://127.0.0.1:{port}"
        finally:
            await server.stop(None)

    return serving


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "grpc:127.0.0.1:1",
        "grpc://127.0.0.1",
        "grpc://127.0.0.1:x",
        "grpc+unix://relative",
        "127.0.0.1:1",
    ],
)
def test_a_url_of_another_kind_is_refused_at_once(url):
    with pytest.raises(
        ValueError, match=r"expected|needs an absolute path|has no port|not a number"
    ):
        GRPCConnection(url)


async def test_nobody_there_is_told_with_the_reason(connect, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:2")
    async with fail_after(10), connect("grpc://127.0.0.1:1") as desk:
        for _ in range(3):
            with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 cannot be reached.*refused"):
                await desk.add(1)
            with pytest.raises(Unreachable):
                [number async for number in desk.count(3)]


async def test_a_peer_that_says_nothing_is_unreachable_when_patience_is_over(connect):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"grpc://127.0.0.1:{silent.getsockname()[1]}"
        async with fail_after(10), connect(url, patience=0.3) as desk:
            with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
                await desk.add(1)
        async with fail_after(10), connect(url, patience=60.0) as desk:
            with pytest.raises(TimeoutError):
                async with fail_after(0.2):
                    await desk.add(1)


async def test_a_connection_comes_back_with_its_server(serve, connect):
    async with serve() as url, connect(url) as desk:
        assert await desk.add(1) == 2
        first = desk
    async with connect(url) as desk:
        with pytest.raises(Unreachable):
            await desk.add(1)
        async with serve(url.removeprefix("grpc://")):
            await reached(desk)
            assert await desk.add(2) == 3
    with pytest.raises(Unreachable, match="is closed"):
        await first.add(1)


async def reached(desk):
    """Wait until a server is there: grpcio tries again after a while."""
    while True:
        try:
            return await desk.add(1)
        except Unreachable:
            await asyncio.sleep(0.05)


async def test_closing_a_connection_ends_its_calls(serve, connect, desk):
    async def endless():
        yield 1
        await asyncio.Event().wait()

    async with serve() as url:
        async with connect(url) as client:
            waiting = asyncio.create_task(client.wait())
            adding = asyncio.create_task(client.total(endless()))
            await desk.started.wait()
        for call in (waiting, adding):
            with pytest.raises(Unavailable, match="was closed"):
                await call
        await desk.ended.wait()


async def test_many_callers_wait_for_one_connection_and_each_may_give_up(serve, connect):
    async with serve() as url, connect(url) as desk:
        calls = [asyncio.create_task(desk.add(number)) for number in range(50)]
        await asyncio.sleep(0)
        calls[0].cancel()
        assert await asyncio.gather(*calls[1:]) == list(range(2, 51))


async def test_metadata_of_both_kinds_is_taken(others, desk):
    async def behave(_, context):
        await context.send_initial_metadata([("x-first", "1"), ("grpc-thing", "no")])
        context.set_trailing_metadata([("x-last", "2"), ("x-raw-bin", b"\0\xff")])
        return THREE

    async with others(behave) as url, GRPCConnection(url) as connection:
        method = methods_of(type(desk))["add"]
        call = Call(method)
        reply = await connection.endpoint(method)(call, method.request(a=1))
        assert reply.value == 3
        assert dict(call.reply_metadata) == {"x-first": "1", "x-last": "2", "x-raw-bin": "AP8="}


async def test_details_of_other_types_are_kept_by_their_names(others, connect):
    async def behave(_, context):
        info = error_details_pb2.ErrorInfo(reason="LOST", domain="acme")
        packed = any_pb2.Any()
        packed.Pack(info)
        status = status_pb2.Status(code=5, message="gone", details=[packed])
        await context.abort(
            grpc.StatusCode.NOT_FOUND,
            "gone",
            (("grpc-status-details-bin", status.SerializeToString()),),
        )

    async with others(behave) as url, connect(url) as desk:
        with pytest.raises(NotFound, match="gone") as info:
            await desk.add(1)
    ((name, body),) = info.value.details.items()
    assert name == "google.rpc.ErrorInfo"
    assert error_details_pb2.ErrorInfo.FromString(body).reason == "LOST"


async def test_details_that_are_none_do_not_hide_the_error(others, connect):
    async def behave(_, context):
        trailers = (("grpc-status-details-bin", b"\xff\xff\xff"),)
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "who?", trailers)

    async with others(behave) as url, connect(url) as desk:
        with pytest.raises(Unauthenticated, match="who") as info:
            await desk.add(1)
    assert info.value.details == {}


async def test_a_cancellation_that_nobody_here_asked_for_is_no_cancellation(others, connect):
    async def behave(_, context):
        await context.abort(grpc.StatusCode.CANCELLED, "dropped")

    async with others(behave) as url, connect(url) as desk:
        with pytest.raises(Unavailable, match="dropped"):
            await desk.add(1)


async def test_a_handler_of_ours_may_say_cancelled_and_is_heard():
    class Moody(Service, name="acme.v1.Moody"):
        @rpc
        async def add(self) -> None:
            raise Cancelled("not today")

    async with (
        fail_after(10),
        GRPC().listen(Moody().routes()) as url,
        GRPCConnection(url) as connection,
    ):
        with pytest.raises(Cancelled, match="not today"):
            await Moody.client(connection).add()


async def test_a_reply_that_is_no_message_is_the_servers_fault(others, connect):
    async def behave(request, context):
        return b"\xff\xff"

    async with others(behave) as url, connect(url) as desk:
        with pytest.raises(Internal, match="the peer's reply is not a DeskAddReply"):
            await desk.add(1)


async def test_a_server_that_breaks_down_in_a_call_is_not_silent(others, connect, caplog):
    caplog.set_level(logging.CRITICAL, "grpc")

    async def behave(request, context):
        raise RuntimeError("boom")

    async with others(behave) as url, connect(url) as desk:
        with pytest.raises(Exception, match="boom"):
            await desk.add(1)
