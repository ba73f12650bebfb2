"""Codecs and metadata on whatever comes: nothing is changed, and nothing unexpected is raised."""

import string
from contextlib import suppress
from datetime import UTC
from typing import Any

import msgspec
from hypothesis import given, strategies as st

from kitfox import InvalidArgument, Metadata
from kitfox.codecs import JSON, MessagePack, request_decoder

CODECS = st.sampled_from([JSON(), MessagePack()])
INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.datetimes(timezones=st.just(UTC))
ANYTHING = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


class Message(msgspec.Struct):
    number: int
    fraction: float
    text: str
    raw: bytes
    at: msgspec.UnsetType | Any = msgspec.UNSET
    table: dict[str, list[int]] = {}
    anything: Any = None


MESSAGES = st.builds(
    Message,
    number=INTEGERS,
    fraction=st.floats(allow_nan=False, allow_infinity=False),
    text=TEXTS,
    raw=st.binary(),
    table=st.dictionaries(TEXTS, st.lists(INTEGERS)),
    anything=ANYTHING,
)


@given(codec=CODECS, message=MESSAGES)
def test_what_is_written_is_read(codec, message):
    assert request_decoder(codec, Message)(codec.encode(message)) == message


@given(codec=CODECS, moment=MOMENTS)
def test_a_moment_keeps_its_microseconds(codec, moment):
    read = request_decoder(codec, type(moment))
    assert read(codec.encode(moment)) == moment


def read_or_refuse(codec, body):
    with suppress(InvalidArgument):
        assert isinstance(request_decoder(codec, Message)(body), Message)


@given(codec=CODECS, body=st.binary())
def test_any_bytes_are_read_or_are_an_invalid_argument(codec, body):
    read_or_refuse(codec, body)


@given(codec=CODECS, message=MESSAGES, data=st.data())
def test_a_damaged_message_is_read_or_is_an_invalid_argument(codec, message, data):
    body = bytearray(codec.encode(message))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(codec, bytes(body[: data.draw(st.integers(0, len(body)))]))
    read_or_refuse(codec, bytes(body))


@given(codec=CODECS, value=ANYTHING)
def test_any_value_is_read_or_is_an_invalid_argument(codec, value):
    read_or_refuse(codec, codec.encode(value))


@given(key=st.text(), value=st.text())
def test_metadata_that_is_accepted_is_kept_as_it_is_and_can_be_sent_as_a_header(key, value):
    metadata = Metadata()
    try:
        metadata[key] = value
    except ValueError:
        assert dict(metadata) == {}
        return
    assert dict(metadata) == {key.lower(): value}
    assert metadata[key.upper().lower()] == value == value.strip()
    assert value.encode("ascii").isascii()
    assert set(key.lower()) <= set(string.ascii_lowercase + string.digits + "-_.")


PLAIN = st.text(st.sampled_from(string.ascii_letters + string.digits), min_size=1)


@given(st.dictionaries(PLAIN.map(str.lower), PLAIN))
def test_plain_metadata_is_always_accepted(pairs):
    assert dict(Metadata(pairs)) == pairs
