"""Entries as JSON lines: what is taken, and what is said of the rest."""

import pytest

from kitfox.services.logs._json_lines import LineError, read_entries


def test_a_line_may_say_everything():
    (entry,) = read_entries(
        b'{"time":1.5,"level":"warning","message":"m","logger":"l","service":"s","instance":"i",'
        b'"trace_id":"t","fields":{"a":[1]}}',
        0.0,
    )
    assert (entry.time, entry.level, entry.message, entry.fields) == (1.5, 13, "m", {"a": [1]})
    assert (entry.logger, entry.service, entry.instance, entry.trace_id) == ("l", "s", "i", "t")


def test_a_line_must_say_its_message_only():
    (entry,) = read_entries(b'{"message":"m"}', 7.0)
    assert (entry.time, entry.level) == (7.0, 9)


def test_time_may_be_rfc_3339_and_level_a_number():
    (entry,) = read_entries(b'{"message":"m","time":"1970-01-01T01:00:01+01:00","level":21}', 0.0)
    assert (entry.time, entry.level) == (1.0, 21)


def test_empty_lines_and_line_ends_of_any_kind_do_not_count():
    entries = read_entries(b'\n{"message":"1"}\r\n\n{"message":"2"}\n', 0.0)
    assert [e.message for e in entries] == ["1", "2"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b'{"message":1}', "line 2, field message: Expected `str`, got `int`"),
        (b'{"level":9}', "line 2: Object missing required field `message`"),
        (
            b'{"message":"m","level":"loud"}',
            "line 2, field level: 'loud' is no level; expected one",
        ),
        (b'{"message":"m","level":25}', "line 2, field level: Expected `int` <= 24"),
        (b'{"message":"m","time":"today"}', "line 2, field time: Invalid RFC3339"),
        (b'{"message":"m","time":"2026-01-01T00:00:00"}', "line 2, field time: expected an offset"),
        (b'{"message":"m","time":"1900-01-01T00:00:00Z"}', "line 2, field time: expected a time a"),
        (b'{"message":"m","time":-1}', "line 2, field time: Expected `float` >= 0.0"),
        (b'{"message":"m","colour":"red"}', "line 2: Object contains unknown field `colour`"),
        (b'{"message":"m","fields":[]}', "line 2, field fields: Expected `object`, got `array`"),
        (b'{"message":', "line 2: Input data was truncated"),
        (b"[]", "line 2: Expected `object`, got `array`"),
        (b'{"message":"\xff"}', "line 2: "),
        (b'{"message":"m","fields":{"a":' + b"[" * 60_000, "line 2: maximum recursion depth"),
    ],
)
def test_a_wrong_line_is_named_with_its_field(line, complaint):
    with pytest.raises(LineError) as caught:
        read_entries(b'{"message":"right"}\n' + line, 0.0)
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize("count", [0, 10_001])
def test_no_lines_and_too_many_are_refused(count):
    with pytest.raises(LineError, match=f"expected 1 to 10000 lines, got {count}"):
        read_entries(b'{"message":"m"}\n' * count, 0.0)
