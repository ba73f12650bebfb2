"""What may be typed for a moment."""

from datetime import UTC, datetime

import pytest

from kitfox.cli._exit import Failed
from kitfox.cli._moment import moment

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("text", "ago"), [("90s", 90), ("15m", 900), ("1.5h", 5400), ("2d", 172_800)]
)
def test_a_length_is_a_time_ago(text: str, ago: float):
    assert moment(text, NOW) == NOW - ago


def test_a_date_is_itself():
    assert moment("2026-01-31T12:00Z", NOW) == datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "5", "yesterday", "-5m", "5 m"])
def test_anything_else_is_refused_with_examples(text: str):
    with pytest.raises(Failed, match="expected 90s, 15m, 2h, 1d or 2026-01-31T12:00"):
        moment(text, NOW)
