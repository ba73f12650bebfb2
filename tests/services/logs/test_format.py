"""Entries on a terminal."""

import pytest
from hypothesis import given, strategies as st

from kitfox.services.logs import (
    Entry,
    format_entry,
    severity_number,
    severity_of_python,
    severity_text,
)


def test_an_entry_is_a_line_with_its_fields(entry):
    line = format_entry(
        entry("stored", service="grading", level=13, trace_id="t1", fields={"student": 7}),
        colour=False,
    )
    assert line.endswith(" WARN  grading stored student=7 trace_id=t1")


def test_a_stack_trace_stands_indented_below(entry):
    line = format_entry(entry("failed", fields={"exception.stacktrace": "a\n  b\n"}), colour=False)
    assert line.split("\n")[1:] == ["    a", "      b"]


def test_colour_is_only_there_when_asked_for(entry):
    assert "\x1b[" in format_entry(entry(), colour=True)
    assert "\x1b" not in format_entry(entry(), colour=False)


@given(st.text(), st.text(), st.text())
def test_no_entry_can_forge_a_line_or_move_the_cursor(message, service, value):
    fields = {"x": value, value: 1, "exception.stacktrace": value}
    text = format_entry(Entry(1.0, 9, message, service=service, fields=fields), colour=False)
    assert all(line.startswith("    ") for line in text.split("\n")[1:])
    assert all(line.isprintable() for line in text.split("\n"))


def test_levels_have_names_and_names_have_levels():
    for level in range(1, 25):
        assert severity_number(severity_text(level)) == level
    assert severity_text(9) == "INFO"
    assert severity_text(20) == "ERROR4"
    assert severity_number("warning") == 13
    with pytest.raises(ValueError, match="'loud' is no level; expected one of TRACE, DEBUG"):
        severity_number("loud")


@pytest.mark.parametrize(
    ("levelno", "level"),
    [(0, 1), (5, 4), (10, 5), (20, 9), (25, 12), (30, 13), (40, 17), (50, 21), (99, 24), (-5, 1)],
)
def test_levels_of_python_keep_their_order(levelno, level):
    assert severity_of_python(levelno) == level
