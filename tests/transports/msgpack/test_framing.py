"""Bytes in, frames out: whatever the bytes, and however they are cut."""

from contextlib import suppress
from itertools import pairwise

import msgpack
import msgspec
import pytest
from hypothesis import example, given, settings, strategies as st

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
from kitfox.transports.msgpack._frames import Hello, Ping, PlainReply, PlainRequest, Pong
from kitfox.transports.msgpack._framing import Framing
from kitfox.transports.msgpack._scanner import DEEPEST, MOST_VALUES, Scanner
from kitfox.transports.msgpack._writer import Writer

LIMIT = 1 << 20
BOX = 75

number = st.integers(0, 2**32 - 1)
texts = st.text(st.characters(codec="utf-8"))
paths = st.text(st.characters(codec="utf-8"), max_size=300).map("/".__add__)
metadata = st.dictionaries(texts, texts, max_size=3)
bodies = st.binary(max_size=600)
details = st.dictionaries(texts, st.integers(-(2**31), 2**31) | texts, max_size=3)
timeouts = st.none() | st.integers(0, 2**32 - 1).map(lambda ms: ms / 1000)

frames = st.one_of(
    st.builds(Request, number, paths, st.none() | bodies, metadata, timeouts),
    st.builds(Reply, number, st.none() | bodies, metadata),
    st.builds(Failure, number, st.integers(0, 16), texts, details, metadata),
    st.builds(Item, number, bodies),
    st.builds(End, number),
    st.builds(Credit, number, st.integers(1, 2**16)),
    st.builds(Cancel, number),
    st.builds(Refused, number),
    st.builds(GoingAway),
    st.builds(Hello, texts),
    st.builds(Ping),
    st.builds(Pong),
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=300)
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=300)),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(texts, inner, max_size=20),
)


def written(*frames):
    writer = Writer()
    for frame in frames:
        writer.add(frame)
    return writer.take()


def read(data, cuts=(), limit=LIMIT):
    """Return the frames in some bytes that come in pieces."""
    framing, found = Framing(limit), []
    edges = [0, *sorted(cuts), len(data)]
    for begin, end in pairwise(edges):
        found += framing.feed(data[begin:end])
    return found


@given(st.lists(frames, max_size=5), st.data())
def test_what_was_written_is_read_however_it_is_cut(sent, data):
    encoded = written(*sent)
    cuts = data.draw(st.lists(st.integers(0, len(encoded)), max_size=8))
    assert read(encoded, cuts) == sent


@given(st.lists(frames, max_size=3))
def test_what_was_written_is_read_byte_by_byte(sent):
    encoded = written(*sent)
    assert read(encoded, range(len(encoded))) == sent


@given(st.lists(frames, max_size=5))
def test_all_frames_are_messagepack_arrays_that_begin_with_a_number(sent):
    stream = msgpack.Unpacker(strict_map_key=False)
    stream.feed(written(*sent))
    arrays = list(stream)
    assert len(arrays) == len(sent)
    assert all(isinstance(array[0], int) for array in arrays)


@given(st.integers(0, 2**32 - 1), texts, st.lists(values, max_size=4), st.data())
def test_a_plain_request_is_read_as_any_encoder_writes_it(call, name, params, data):
    encoded = msgpack.packb([0, call, name, params])
    cuts = data.draw(st.lists(st.integers(0, len(encoded)), max_size=4))
    (frame,) = read(encoded, cuts)
    assert (frame.call, frame.path) == (call, "/" + name)
    assert repacked(frame.params) == params


def repacked(value):
    """Return what msgspec has read, as msgpack reads it."""
    return msgpack.unpackb(msgspec.msgpack.encode(value), strict_map_key=False)


def test_a_request_of_ours_is_read_when_written_in_another_way():
    body, beside = b"\x80", msgpack.packb({"a": "b"})
    encoded = msgpack.packb(
        [0, 7, "a.B/C", [msgpack.ExtType(BOX, body)], 1500, msgpack.ExtType(BOX, beside)]
    )
    assert read(encoded) == [Request(7, "/a.B/C", body, {"a": "b"}, 1.5)]


def test_a_notification_is_a_plain_request_without_a_number():
    assert read(msgpack.packb([2, "a.B/C", [1]])) == [PlainRequest(None, "/a.B/C", [1])]


def test_a_plain_reply_has_four_parts():
    assert msgpack.unpackb(written(PlainReply(3, None, {"a": 1}))) == [1, 3, None, {"a": 1}]


def test_metadata_stands_in_a_box_of_its_own_and_time_left_in_whole_milliseconds():
    request = msgpack.unpackb(written(Request(1, "/a.B/C", b"\x80", {"k": "v"}, 0.0101)))
    assert request[4] == 11  # rounded up: 0 would be no time at all
    assert request[5] == msgpack.ExtType(BOX, msgpack.packb({"k": "v"}))


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
@example(b"\xc1", [])
@example(b"\x96\x00\xce\x00\x00\x00\x01\xd9\xff", [])
@example(b"\x93\x03\xce\x00\x00\x00\x01\xc9\xff\xff\xff\xff\x4b", [])
def test_garbage_is_refused_or_waits_for_more(data, cuts):
    with suppress(BadFrame):
        read(data, [min(cut, len(data)) for cut in cuts])


@settings(max_examples=300)
@given(st.lists(frames, min_size=1, max_size=3), st.data())
def test_a_frame_with_a_byte_changed_is_a_frame_or_a_bad_one(sent, data):
    encoded = bytearray(written(*sent))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] = data.draw(st.integers(0, 255))
    cuts = data.draw(st.lists(st.integers(0, len(encoded)), max_size=3))
    with suppress(BadFrame):
        read(bytes(encoded), cuts)


@pytest.mark.parametrize(
    "value",
    [
        7,
        [],
        [12],
        [-1],
        ["0", 1, "m", []],
        [0, -1, "m", []],
        [0, 2**32, "m", []],
        [0, 1, b"m", []],
        [0, 1, "m", {}],
        [0, 1, "m"],
        [0, 1, "m", [msgpack.ExtType(BOX, b""), 2], None, None],
        [0, 1, "m", [{"a": 1}], None, None],
        [0, 1, "m", [msgpack.ExtType(9, b"")], None, None],
        [0, 1, "m", [msgpack.ExtType(BOX, b"")], -5, None],
        [0, 1, "m", [msgpack.ExtType(BOX, b"")], None, msgpack.ExtType(BOX, b"\xc1")],
        [0, 1, "m", [msgpack.ExtType(BOX, b"")], None, msgpack.ExtType(BOX, b"\x81\x01\x02")],
        [1, 1, "an error", None, None],
        [3, 1, b""],
        [5, 1],
        [11, 5],
    ],
    ids=repr,
)
def test_what_is_no_frame_is_refused(value):
    with pytest.raises(BadFrame):
        read(msgpack.packb(value))


# ------------------------------------------------------------------------------------- limits


def test_a_frame_that_is_too_long_is_refused_when_it_is_announced():
    framing = Framing(1000)
    announced = b"\x93\x03\xce\x00\x00\x00\x01\xc9\x00\x10\x00\x00\x4b"  # an item of a MiB
    with pytest.raises(BadFrame, match="longer than"):
        list(framing.feed(announced))


def test_a_frame_that_is_too_long_is_refused_when_it_is_all_there():
    with pytest.raises(BadFrame, match="longer than"):
        read(written(Item(1, bytes(100_000))), limit=1000)


def test_an_array_of_too_many_values_is_refused_when_it_is_announced():
    with pytest.raises(BadFrame, match=f"more than {MOST_VALUES} values"):
        read(b"\x94\x00\x01\xa1m\xdd\xff\xff\xff\xff")


def test_a_frame_that_is_nested_too_deeply_is_refused():
    with pytest.raises(BadFrame, match=f"deeper than {DEEPEST} levels"):
        read(b"\x91" * 100)


def test_what_waits_for_more_is_not_more_than_a_frame():
    framing = Framing(1000)
    with pytest.raises(BadFrame, match="longer than"):
        list(framing.feed(b"\xdc\xff\xff"))
        for _ in range(10_000):
            list(framing.feed(b"\xa9nine char"))


# ------------------------------------------------------------------------------------ scanner


@given(values, st.binary(max_size=20), st.integers(0, 20))
def test_the_scanner_finds_the_end_of_any_value(value, after, begin):
    encoded = msgpack.packb(value)
    assert Scanner(LIMIT).find_end(bytes(begin) + encoded + after, begin) == begin + len(encoded)


@given(values)
def test_the_scanner_waits_for_the_last_byte(value):
    encoded, scanner = msgpack.packb(value), Scanner(LIMIT)
    for size in range(len(encoded)):
        assert scanner.find_end(encoded[:size]) is None
    assert scanner.find_end(encoded) == len(encoded)


def test_the_scanner_looks_at_no_byte_twice():
    """A long array, byte by byte: what was passed over is never asked for again."""

    class Watched(bytes):
        highest = 0

        def __getitem__(self, at):
            if isinstance(at, int):
                assert at >= Watched.highest - 1
                Watched.highest = max(at, Watched.highest)
            return super().__getitem__(at)

    encoded, scanner = msgpack.packb([1] * 5000), Scanner(LIMIT)
    for size in range(1, len(encoded)):
        assert scanner.find_end(Watched(encoded[:size])) is None
    assert scanner.find_end(encoded) == len(encoded)
