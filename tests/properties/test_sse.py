"""Whatever a stream of events is split into on its way, the same events arrive."""

from contextlib import suppress
from itertools import pairwise

from hypothesis import given, strategies as st

from kitfox.core import ResourceExhausted
from kitfox.transports.http._sse import Event, EventReader, write_event

LIMIT = 40

names = st.sampled_from([b"", b"end", b"error"])
line = st.binary(max_size=12).filter(lambda data: not {10, 13} & set(data))
event = st.builds(Event, name=names, data=line)
# Pieces of the format, in an order that nobody would write.
chaos = st.lists(
    st.sampled_from(
        [b"data", b"event", b":", b" ", b"\n", b"\r", b"\r\n", b"x" * 15, b"\xff", b"\n\n"]
    )
).map(b"".join)


def cut(data, places):
    places = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


def read(pieces, limit=1 << 20):
    reader, events = EventReader(limit), []
    with suppress(ResourceExhausted):
        for piece in pieces:
            events += reader.feed(piece)
        return events, "whole"
    return events, "too long"


cuts = st.lists(st.integers(0, 500), max_size=30)
line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(event), cuts, line_ends)
def test_what_is_written_is_read_however_it_is_split(events, places, end):
    written = b"".join(write_event(data, name) for name, data in events).replace(b"\n", end)
    # A CR that comes last may be half of a CRLF: what it ends waits for what follows.
    assert read(cut(written + b":", places)) == (events, "whole")


@given(chaos, cuts)
def test_no_split_changes_what_is_read(data, places):
    assert read(cut(data, places)) == read([data])


@given(chaos, cuts)
def test_no_split_changes_whether_an_event_is_too_long(data, places):
    ended = data + b"\n\n:"
    assert read(cut(ended, places), LIMIT) == read([ended], LIMIT)


@given(st.lists(event), st.lists(st.sampled_from([b":\n\n", b": life\r\n", b"\n", b"id: 1\n\n"])))
def test_comments_and_what_is_not_known_are_passed_over(events, between):
    noise = b"".join(between)
    written = b"".join(noise + b"\n\n" + write_event(data, name) for name, data in events)
    assert read([written]) == (events, "whole")


@given(st.lists(line, min_size=1))
def test_several_lines_of_data_are_one_event(lines):
    written = b"".join(b"data: " + each + b"\n" for each in lines) + b"\n"
    assert read([written]) == ([Event(b"", b"\n".join(lines))], "whole")


@given(st.integers(1, 100), cuts)
def test_an_event_is_too_long_from_one_byte_over_the_limit(size, places):
    block = b"data: " + b"x" * size
    events, outcome = read(cut(block + b"\n\n", places), LIMIT)
    assert outcome == ("whole" if len(block) <= LIMIT else "too long")
    assert len(events) == (len(block) <= LIMIT)
