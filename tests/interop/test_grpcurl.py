"""grpcurl, which knows a server by nothing but what reflection tells it."""

import json

SERVICE = "kitfox.interop.v1.Tour"
PARCEL = {
    "id": "-4611686018427387904",
    "name": "Ада 🦊",
    "weight": 0.25,
    "fragile": True,
    "content": "AP8=",
    "size": "SIZE_LARGE",
    "packed": "2026-11-22T09:30:00.250Z",
    "keeps": "-86399.999999s",
    "price": "19.90",
    "token": "12345678-1234-5678-1234-567812345678",
    "labels": ["", "two"],
    "counts": {"": "-1", "a": "1"},
    "grid": [{"items": ["1", "2"]}, {}],
    "wrapping": {"foil": {"layers": "3"}},
    "note": "",
    "copies": "0",
}


def documents(text):
    """Read the JSON documents that stand one after another in a text."""
    found, at = [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = json.JSONDecoder().raw_decode(text, at)
        found.append(document)
    return found


async def test_all_services_are_listed(grpcurl):
    code, out, _ = await grpcurl("list")
    assert code == 0
    assert {SERVICE, "grpc.health.v1.Health"} <= set(out.split())
    _, out, _ = await grpcurl("list", SERVICE)
    assert f"{SERVICE}.Shout" in out.split()


async def test_services_and_messages_are_described(grpcurl):
    _, out, _ = await grpcurl("describe", SERVICE)
    shout = "rpc Shout ( stream .kitfox.interop.v1.TourShoutRequest )"
    assert f"{shout} returns ( stream .kitfox.interop.v1.TourShoutReply );" in out
    _, out, _ = await grpcurl("describe", "kitfox.interop.v1.Parcel")
    assert "optional string note = 16;" in out
    assert ".google.protobuf.Timestamp packed = 7;" in out


async def test_a_message_of_all_types_comes_back_as_it_went(grpcurl):
    sent = {**PARCEL, "inside": [PARCEL]}
    code, out, err = await grpcurl("-d", json.dumps(sent), f"{SERVICE}/Echo")
    assert code == 0, err
    assert json.loads(out) == sent


async def test_a_stream_of_replies_ends(grpcurl):
    _, out, _ = await grpcurl("-d", '{"upto": 3}', f"{SERVICE}/Count")
    assert documents(out) == [{"value": "1"}, {"value": "2"}, {"value": "3"}]


async def test_a_stream_of_requests_has_one_reply(grpcurl):
    _, out, _ = await grpcurl("-d", '{"value": 1}{"value": 2}{"value": 3}', f"{SERVICE}/Total")
    assert json.loads(out) == {"value": "6"}


async def test_both_sides_may_stream(grpcurl):
    _, out, _ = await grpcurl("-d", '{"value": "one"}{"value": "two"}', f"{SERVICE}/Shout")
    assert documents(out) == [{"value": "ONE"}, {"value": "TWO"}]


async def test_an_error_has_its_code_its_text_and_its_details(grpcurl):
    code, _, err = await grpcurl("-d", '{"code": "NOT_FOUND"}', f"{SERVICE}/Fail")
    assert code == 64 + 5
    assert "Code: NotFound" in err
    assert "Message: as you wish 🦊" in err
    assert "NOT_FOUND" in err.partition("Details:")[2]


async def test_a_call_is_over_when_its_time_is(grpcurl, guide):
    code, _, err = await grpcurl("-max-time", "1", f"{SERVICE}/Wait")
    assert code == 64 + 4
    assert "DeadlineExceeded" in err
    assert guide.entered.is_set()


async def test_metadata_goes_both_ways(grpcurl):
    told = ("-H", "language: de", "-H", "seal-bin: AP8=")
    _, out, _ = await grpcurl("-v", *told, f"{SERVICE}/Greet")
    assert '"value": "Hallo"' in out
    assert "answered-in: de" in out
    assert "seal-bin: AP8=" in out


async def test_health_is_told(grpcurl):
    _, out, _ = await grpcurl("-d", json.dumps({"service": SERVICE}), "grpc.health.v1.Health/Check")
    assert json.loads(out) == {"status": "SERVING"}
    code, _, _ = await grpcurl("-d", '{"service": "none"}', "grpc.health.v1.Health/Check")
    assert code == 64 + 5
