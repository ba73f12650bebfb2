"""The gRPC of npm, which shares no line with the one that we use, on our server."""

from base64 import b64decode

import pytest
from google.protobuf import json_format, struct_pb2
from google.rpc import status_pb2

from kitfox.scope import fail_after

pytestmark = pytest.mark.xdist_group("npm")  # one worker installs it, once


async def test_a_message_of_all_types_comes_back_as_it_went(node):
    reply = (await node("echo"))["reply"]
    (inside,) = reply.pop("inside")
    assert inside == reply
    assert reply == {
        "id": "-4611686018427387904",
        "name": "Ада 🦊",
        "weight": 0.25,
        "fragile": True,
        "content": {"type": "Buffer", "data": [0, 255]},
        "size": "SIZE_LARGE",
        "packed": {"seconds": "1795339800", "nanos": 250000000},
        "keeps": {"seconds": "-86399", "nanos": -999999000},
        "price": "19.90",
        "token": "12345678-1234-5678-1234-567812345678",
        "labels": ["", "two"],
        "counts": {"a": "1", "": "-1"},
        "grid": [{"items": ["1", "2"]}, {}],
        "wrapping": {"foil": {"layers": "3"}},
        "note": "",
        "copies": "1",
    }


async def test_a_stream_of_replies_ends(node):
    assert await node("count") == list(range(1, 101))


async def test_a_stream_of_requests_has_one_reply(node):
    assert await node("total") == "5050"


async def test_both_sides_may_take_turns(node):
    assert await node("shout") == ["ONE", "TWO", True]


async def test_an_error_has_its_code_its_text_and_its_details(node):
    error = (await node("fail"))["error"]
    assert (error["code"], error["details"]) == ("NOT_FOUND", "as you wish 🦊")
    status = status_pb2.Status.FromString(b64decode(error["status"][0]))
    details = struct_pb2.Struct()
    assert status.details[0].Unpack(details)
    assert json_format.MessageToDict(details) == {"wish": "NOT_FOUND", "again": [1, None]}


async def test_a_request_that_does_not_fit_is_told_the_field(node):
    error = (await node("misfit"))["error"]
    assert (error["code"], error["details"]) == ("INVALID_ARGUMENT", "token: Invalid UUID")


async def test_a_handler_is_over_when_its_caller_cannot_wait_longer(node, guide):
    assert (await node("late"))["error"]["code"] == "DEADLINE_EXCEEDED"
    async with fail_after(5):
        await guide.left.wait()


async def test_a_handler_knows_how_long_its_caller_waits(node):
    assert 0 < (await node("secondsLeft"))["reply"]["value"] <= 30.01


async def test_a_stream_that_its_reader_cancels_is_over(node):
    assert (await node("cancel"))["code"] == "CANCELLED"


async def test_metadata_goes_both_ways(node):
    outcome = await node("greet")
    assert outcome["reply"]["value"] == "Hallo"
    assert outcome["trailers"]["answered-in"] == "de"
    assert outcome["trailers"]["seal-bin"] == {"type": "Buffer", "data": [0, 255]}
