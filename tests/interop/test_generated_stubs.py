"""Clients that protoc made from our .proto, on our server."""

import asyncio
import json

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from grpc_status import rpc_status

from kitfox import Code
from kitfox.scope import fail_after

CODES = [code.name for code in Code if code is not Code.OK]


def sent(stubs, parcel):
    """Write a parcel as somebody would who has never heard of kitfox."""
    pb2 = stubs.pb2
    made = pb2.Parcel(
        id=parcel.id,
        name=parcel.name,
        weight=parcel.weight,
        fragile=parcel.fragile,
        content=parcel.content,
        size=pb2.SIZE_LARGE,
        price=str(parcel.price),
        token=str(parcel.token),
        labels=parcel.labels,
        counts=parcel.counts,
        grid=[pb2.ParcelGridItem(items=row) for row in parcel.grid],
        inside=[sent(stubs, each) for each in parcel.inside],
        note=parcel.note,
        copies=parcel.copies,
    )
    made.packed.FromDatetime(parcel.packed)
    made.keeps.FromTimedelta(parcel.keeps)
    if parcel.note is None:
        made.wrapping.foil.layers = parcel.wrapping.layers
    else:
        made.wrapping.paper.colour = parcel.wrapping.colour
    return made


async def test_a_message_of_all_types_comes_back_as_it_went(stub, stubs, parcel):
    request = sent(stubs, parcel)
    reply = await stub.Echo(request)
    assert json.loads(json_format.MessageToJson(reply)) == json.loads(
        json_format.MessageToJson(request)
    )
    assert reply == request


async def test_a_stream_of_replies_ends(stub, stubs):
    request = stubs.pb2.TourCountRequest(upto=100)
    assert [reply.value async for reply in stub.Count(request)] == list(range(1, 101))


async def test_a_stream_of_requests_has_one_reply(stub, stubs):
    numbers = (stubs.pb2.TourTotalRequest(value=number) for number in range(1, 101))
    assert (await stub.Total(numbers)).value == 5050


async def test_both_sides_may_take_turns(stub, stubs):
    call = stub.Shout()
    async with fail_after(10):
        for line in ("one", "two"):
            await call.write(stubs.pb2.TourShoutRequest(value=line))
            assert (await call.read()).value == line.upper()
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF


@pytest.mark.parametrize("code", CODES)
async def test_an_error_has_its_code_its_text_and_its_details(stub, stubs, code):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Fail(stubs.pb2.TourFailRequest(code=code))
    assert caught.value.code() is grpc.StatusCode[code]
    assert caught.value.details() == "as you wish 🦊"
    status = rpc_status.from_call(caught.value)
    details = struct_pb2.Struct()
    assert status.details[0].Unpack(details)
    assert json_format.MessageToDict(details) == {"wish": code, "again": [1, None]}


async def test_a_request_that_does_not_fit_is_told_the_field(stub, stubs, parcel):
    request = sent(stubs, parcel)
    request.inside[0].token = "no UUID"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Echo(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "inside[0].token: Invalid UUID"


async def test_a_handler_is_over_when_its_caller_cannot_wait_longer(stub, stubs, guide):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Wait(stubs.pb2.google_dot_protobuf_dot_empty__pb2.Empty(), timeout=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    async with fail_after(5):
        await guide.left.wait()


async def test_a_handler_is_over_when_its_caller_leaves(stub, stubs, guide):
    call = stub.Wait(stubs.pb2.google_dot_protobuf_dot_empty__pb2.Empty())
    async with fail_after(5):
        await guide.entered.wait()
        assert call.cancel()
        await guide.left.wait()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_handler_knows_how_long_its_caller_waits(stub, stubs):
    empty = stubs.pb2.google_dot_protobuf_dot_empty__pb2.Empty()
    assert 0 < (await stub.SecondsLeft(empty, timeout=30)).value <= 30.01


async def test_metadata_goes_both_ways(stub, stubs):
    empty = stubs.pb2.google_dot_protobuf_dot_empty__pb2.Empty()
    call = stub.Greet(empty, metadata=(("language", "de"), ("seal-bin", b"\x00\xff")))
    assert (await call).value == "Hallo"
    trailing = dict(await call.trailing_metadata())
    assert trailing["answered-in"] == "de"
    assert trailing["seal-bin"] == b"\x00\xff"


async def test_compressed_requests_are_read(stub, stubs, parcel):
    request = sent(stubs, parcel)
    assert await stub.Echo(request, compression=grpc.Compression.Gzip) == request
