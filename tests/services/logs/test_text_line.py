"""The original system's lines: they stay one line, whatever they hold."""

import time

import pytest
from hypothesis import given, strategies as st

from kitfox.services.logs._text_file import TextFile
from kitfox.services.logs._text_line import escape, file_line, read_text, split_prefix


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain", "plain"),
        ("naïve – 値", "naïve – 値"),
        ("a\nb\r\n", "a\\nb\\r\\n"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\u2028b\u202ec", "a\\u2028b\\u202ec"),
        ("tab\there", "tab\\there"),
    ],
)
def test_what_does_not_print_is_escaped(text, escaped):
    assert escape(text) == escaped


@given(st.binary())
def test_any_body_becomes_exactly_one_line(body):
    line = file_line(0.0, read_text(body)).decode()
    assert len(line.splitlines()) == 1
    assert line.endswith("\n")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[GradingService] - stored", ("GradingService", "stored")),
        ("no prefix", ("", "no prefix")),
        ("[x] no dash", ("", "[x] no dash")),
        ("[] - empty", ("", "[] - empty")),
        ("[a\nb] - forged", ("", "[a\nb] - forged")),
    ],
)
def test_the_prefix_names_the_service(text, parts):
    assert split_prefix(text) == parts


def test_a_line_of_the_file_has_the_original_format():
    moment = time.mktime((2026, 11, 22, 0, 46, 52, 0, 0, -1))
    line = file_line(moment, "[GradingService] - text")
    assert line == b"2026/11/22 00:46:52 [GradingService] - text\n"


def test_the_file_is_private_and_grows_line_by_line(tmp_path):
    path = tmp_path / "distributed.log"
    file = TextFile(path, 1000, 2)
    file.append(b"one\n")
    file.append(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_file_makes_room_and_the_oldest_goes(tmp_path):
    file = TextFile(tmp_path / "distributed.log", 10, 2)
    for n in range(8):
        file.append(b"line%d\n" % n)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert kept == {
        "distributed.log": b"line7\n",
        "distributed.log.1": b"line6\n",
        "distributed.log.2": b"line5\n",
    }
