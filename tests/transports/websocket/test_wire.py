"""Frames as messages, and back."""

import math
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, strategies as st

from kitfox.multiplex import (
    BadFrame,
    Cancel,
    Credit,
    End,
    Failure,
    GoingAway,
    Item,
    Refused,
    Reply,
    Request,
)
from kitfox.transports.websocket._wire import BINARY, TEXT

number = st.integers(0, 2**53)
texts = st.text(st.characters(codec="utf-8"))
metadata = st.dictionaries(texts, texts, max_size=3)
bodies = st.dictionaries(texts, st.integers(-(2**31), 2**31) | texts, max_size=3)
timeouts = st.none() | st.floats(0, 1e9)


def caller_frames(codec):
    body = bodies.map(codec.encode)
    return st.one_of(
        st.builds(Request, number, texts, st.none() | body, metadata, timeouts),
        st.builds(Item, number, body),
        st.builds(End, number),
        st.builds(Credit, number, st.integers(1, 2**16)),
        st.builds(Cancel, number),
    )


def server_frames(codec):
    body = bodies.map(codec.encode)
    return st.one_of(
        st.builds(Item, number, body),
        st.builds(Credit, number, st.integers(1, 2**16)),
        st.builds(Reply, number, st.none() | body, metadata),
        st.builds(Failure, number, st.integers(0, 16), texts, bodies, metadata),
        st.builds(Refused, number),
        st.just(GoingAway()),
    )


@pytest.mark.parametrize("wire", [TEXT, BINARY], ids=["json", "msgpack"])
@given(data=st.data())
def test_what_a_caller_says_is_read_as_it_was_meant(wire, data):
    frame = data.draw(caller_frames(wire.codec))
    assert wire.from_caller(wire.message(frame)) == frame


@pytest.mark.parametrize("wire", [TEXT, BINARY], ids=["json", "msgpack"])
@given(data=st.data())
def test_what_a_server_says_is_read_as_it_was_meant(wire, data):
    frame = data.draw(server_frames(wire.codec))
    assert wire.from_server(wire.message(frame)) == frame


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_a_bad_one(data):
    for read in (BINARY.from_caller, BINARY.from_server):
        with suppress(BadFrame):
            read(data)


@given(st.text(max_size=200))
def test_any_text_is_a_frame_or_a_bad_one(text):
    for read in (TEXT.from_caller, TEXT.from_server):
        with suppress(BadFrame):
            read(text)


def test_deep_nesting_is_a_bad_frame():
    with pytest.raises(BadFrame):
        TEXT.from_caller('["request", 1, "/a/b", ' + "[" * 200_000)


@pytest.mark.parametrize("timeout", [math.nan, -1.0])
def test_a_timeout_that_is_no_length_is_a_bad_frame(timeout):
    message = msgspec.msgpack.encode(["request", 1, "/a/b", {}, {}, timeout])
    with pytest.raises(BadFrame, match="float"):
        BINARY.from_caller(message)


def test_what_later_versions_may_add_to_a_frame_is_ignored():
    assert TEXT.from_caller('["end", 1, "new"]') == End(1)
