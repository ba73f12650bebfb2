"""What is kept of an output."""

import tracemalloc

import pytest
from hypothesis import given, strategies as st

from kitfox.exec import HeadAndTail, OutputTooLargeError
from kitfox.exec._capture import Capture


@given(st.lists(st.binary(max_size=40)), st.integers(0, 20), st.integers(0, 20))
def test_the_beginning_and_the_end_are_kept_however_it_is_cut(pieces, head, tail):
    kept = HeadAndTail(head, tail)
    for piece in pieces:
        kept.write(piece)
    whole = b"".join(pieces)
    omitted = max(0, len(whole) - head - tail)
    assert kept.omitted == omitted
    if omitted:
        note = b"\n... %d bytes omitted ...\n" % omitted
        assert kept.getvalue() == whole[:head] + note + whole[len(whole) - tail :]
    else:
        assert kept.getvalue() == whole


def test_a_long_output_takes_little_memory():
    kept = HeadAndTail()
    piece = b"x" * 65536
    tracemalloc.start()
    try:
        for _ in range(100):
            kept.write(piece)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_an_output_within_the_limit_is_whole():
    kept = Capture(4)
    kept.write(b"ab")
    kept.write(b"cd")
    assert kept.getvalue() == b"abcd"
    with pytest.raises(OutputTooLargeError, match="more than 4 bytes"):
        kept.write(b"e")
