"""Messages as bytes, and what a wrong byte is called."""

from typing import Annotated, Any, TypedDict

import msgspec
import pytest

from kitfox import Internal, InvalidArgument
from kitfox.codecs import JSON, MessagePack, invalid, reply_decoder, request_decoder


class Item(msgspec.Struct):
    name: str
    count: Annotated[int, msgspec.Meta(ge=0)] = 0


class Order(msgspec.Struct):
    items: list[Item]
    notes: dict[str, str] = {}
    prices: dict[int, float] = {}
    extra: Any = None


class Options(TypedDict):
    size: int


@pytest.fixture(params=[JSON, MessagePack], ids=["json", "msgpack"])
def codec(request):
    return request.param()


def refusal(codec, kind, value):
    with pytest.raises(InvalidArgument) as caught:
        request_decoder(codec, kind)(codec.encode(value))
    return caught.value


def test_codecs_say_who_they_are():
    assert (JSON().name, JSON().content_type) == ("json", "application/json")
    assert (MessagePack().name, MessagePack().content_type) == ("msgpack", "application/msgpack")


def test_json_reads_as_json_does():
    assert JSON().encode(Order([Item("ü")])) == (
        '{"items":[{"name":"ü","count":0}],"notes":{},"prices":{},"extra":null}'.encode()
    )


WRONG = [
    ({}, "items", "Object missing required field `items`"),
    ({"items": {}}, "items", "Expected `array`, got `object`"),
    ({"items": [{}]}, "items[0].name", "Object missing required field `name`"),
    ({"items": [{"name": 5}]}, "items[0].name", "Expected `str`, got `int`"),
    ({"items": [{"name": ""}, 7]}, "items[1]", "Expected `object`, got `int`"),
    ({"items": [{"name": "", "count": -1}]}, "items[0].count", "Expected `int` >= 0"),
    ({"items": [], "notes": {"a": 1}}, "notes[...]", "Expected `str`, got `int`"),
    ({"items": [], "prices": {"x": 1.0}}, "prices", "Expected `int`, got `str`, in a key"),
]


@pytest.mark.parametrize(("value", "field", "problem"), WRONG, ids=lambda part: str(part)[:40])
def test_a_wrong_request_names_its_field(codec, value, field, problem):
    error = refusal(codec, Order, value)
    assert error.message == f"{field}: {problem}"
    assert error.details == {"field": field, "problem": problem}


def test_a_typed_dict_names_its_field_too(codec):
    assert refusal(codec, Options, {}).details["field"] == "size"
    assert refusal(codec, Options, {"size": "L"}).details["field"] == "size"


def test_what_is_wrong_as_a_whole_names_no_field(codec):
    error = refusal(codec, Order, 5)
    assert error.message == "Expected `object`, got `int`"
    assert error.details == {}


def test_fields_of_tomorrow_are_ignored(codec):
    read = request_decoder(codec, Item)
    assert read(codec.encode({"name": "a", "colour": "red"})) == Item("a")


def test_what_was_read_within_a_field_is_named_from_there():
    error = invalid(msgspec.ValidationError("Expected `int`, got `str` - at `$[0].x`"), "query")
    assert error.details["field"] == "query[0].x"
    assert invalid(msgspec.ValidationError("Expected `int`"), "id").message == "id: Expected `int`"


@pytest.mark.parametrize(
    ("bodies", "codec"),
    [
        ([b"", b"{", b"nonsense", b"\xff\xfe", b'{"items": "\xff"}', b"[" * 100_000], JSON()),
        ([b"", b"\x81", b"\xc1", b"\xff" * 9, b"\xdd\xff\xff\xff\xff"], MessagePack()),
    ],
    ids=["json", "msgpack"],
)
def test_what_is_no_message_at_all_is_an_invalid_argument(bodies, codec):
    read = request_decoder(codec, Order)
    for body in bodies:
        with pytest.raises(InvalidArgument):
            read(body)


@pytest.mark.parametrize(
    ("body", "codec"),
    [
        (b'{"items":[],"extra":' + b"[" * 100_000, JSON()),
        (b'{"skipped":' + b'{"a":' * 100_000, JSON()),
        (b"\x82\xa5items\x90\xa5extra" + b"\x91" * 100_000, MessagePack()),
        (b"\x81\xa7skipped" + b"\x91" * 100_000, MessagePack()),
    ],
)
def test_what_is_nested_too_deeply_is_an_invalid_argument(body, codec):
    with pytest.raises(InvalidArgument, match="recursion"):
        request_decoder(codec, Order)(body)


def test_a_wrong_reply_is_the_peers_fault(codec):
    with pytest.raises(Internal, match=r"reply is not a Item: .*missing"):
        reply_decoder(codec, Item)(codec.encode({}))
    with pytest.raises(Internal, match="the peer's reply is not a Item"):
        reply_decoder(codec, Item)(b"")


@pytest.mark.parametrize("value", [object(), "\ud800", {object(): 1}])
def test_what_a_codec_cannot_write_is_a_type_or_value_error(codec, value):
    with pytest.raises((TypeError, ValueError)):
        codec.encode({"a": value})
