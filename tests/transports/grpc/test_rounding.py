"""The time left in the three digits of grpcio's, and never more of it."""

import pytest
from hypothesis import given, strategies as st

from kitfox.transports.grpc._rounding import rounded_down


@pytest.mark.parametrize(
    ("left", "sent"),
    [(0.0, 0.0), (0.0004, 0.0), (0.0019, 0.001), (1.2345, 1.23), (60.0, 60.0), (59.97, 59.9)],
)
def test_a_time_is_rounded_down(left, sent):
    assert rounded_down(left) == pytest.approx(sent)


@given(st.floats(0.001, 1e8))
def test_nothing_is_added_and_no_more_than_a_hundredth_taken_beyond_a_tenth_of_a_second(left):
    sent = rounded_down(left)
    assert sent <= left * (1 + 1e-9)
    assert left < 0.1 or sent >= left * 0.99


@given(st.floats(0.001, 1e8))
def test_what_was_rounded_stays_as_it_is(left):
    sent = rounded_down(left)
    assert rounded_down(sent * (1 + 1e-12)) == pytest.approx(sent, rel=1e-9)
