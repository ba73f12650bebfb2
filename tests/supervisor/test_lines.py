"""Cutting a process's output into lines."""

from itertools import pairwise

from hypothesis import given, strategies as st

from kitfox.supervisor._lines import Lines


def all_lines(lines: Lines, *pieces: bytes) -> list[str]:
    return [line for piece in pieces for line in lines.feed(piece)] + lines.flush()


def test_lines_come_out_whole_however_they_come_in():
    assert all_lines(Lines(), b"one\ntw", b"o\r\n", b"\nthree") == ["one", "two", "", "three"]


def test_a_long_line_comes_in_pieces_and_is_never_kept_whole():
    lines = Lines(limit=4)
    assert lines.feed(b"abcdefghij") == ["abcd", "efgh"]
    assert lines.feed(b"kl\n") == ["ijkl"]


def test_bytes_that_are_no_text_are_shown_as_such():
    assert all_lines(Lines(), b"caf\xe9\n") == ["caf\ufffd"]


@given(st.text(alphabet="ab\n", max_size=60), st.lists(st.integers(0, 60)), st.integers(1, 9))
def test_nothing_is_lost_wherever_it_is_cut(text: str, cuts: list[int], limit: int):
    data = text.encode()
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    lines = all_lines(Lines(limit), *pieces)
    assert "".join(lines) == text.replace("\n", "")
    assert all(len(line) <= limit for line in lines)
