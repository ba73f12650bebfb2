"""GCRA and the sliding window allow what they promise; a key has a limiter of its own."""

from math import inf

import pytest
from hypothesis import given, strategies as st

from kitfox.resilience import GCRA, Keyed, SlidingWindow, TokenBucket

NOW = 1000.0
# Steps that floats add exactly.
STEPS = st.integers(0, 512).map(lambda ticks: ticks / 64)
ASKED = st.lists(st.tuples(STEPS, st.integers(1, 5)), max_size=60)


def times(asked):
    now = NOW
    for step, n in asked:
        now += step
        yield now, n


@given(ASKED, st.sampled_from([0.25, 1.0, 4.0]), st.integers(1, 8))
def test_gcra_is_a_token_bucket_in_a_single_number(asked, rate, burst):
    cells, bucket = GCRA(rate, burst), TokenBucket(rate, burst)
    for now, n in times(asked):
        one, other = cells.take("", n, now), bucket.take("", n, now)
        assert one[:4] == other[:4]
        assert one[4:] == pytest.approx(other[4:], abs=1e-9)


def test_gcra_says_when_to_come_back():
    cells = GCRA(rate=10.0, burst=2)
    first, second, third = (cells.take("", 1, NOW) for _ in range(3))
    assert (first.allowed, first.remaining, first.limit, first.window) == (True, 1, 2, 0.2)
    assert (second.allowed, second.remaining, second.reset) == (True, 0, pytest.approx(0.2))
    assert (third.allowed, third.retry_after) == (False, pytest.approx(0.1))
    assert cells.take("", 1, NOW + third.retry_after).allowed


@given(ASKED, st.integers(1, 8))
def test_a_sliding_window_never_allows_more_than_its_bound(asked, limit):
    window, allowed = SlidingWindow(limit, per=4.0), []
    for now, n in times(asked):
        if window.take("", n, now).allowed:
            allowed.append((now, n))
    for begin, _ in allowed:
        for end, _ in allowed:
            if 0 <= end - begin <= 4.0:
                count = sum(n for at, n in allowed if begin <= at <= end)
                assert count <= limit * (1 + (end - begin) / 4.0) + 1e-6


def test_a_sliding_window_has_no_seam():
    window = SlidingWindow(100, per=60.0)
    begin = 6000.0  # where a window begins
    assert all(window.take("", 1, begin + 59.9).allowed for _ in range(100))
    assert not window.take("", 1, begin + 60.1).allowed
    assert sum(window.take("", 1, begin + 90.0).allowed for _ in range(100)) == 50


@given(ASKED, st.integers(1, 8))
def test_who_comes_back_when_it_was_told_is_let_in_and_not_much_earlier(asked, limit):
    for make in (lambda: SlidingWindow(limit, per=4.0), lambda: GCRA(0.5, limit)):
        limiter = make()
        for now, n in times(asked):
            decision = limiter.take("", n, now)
            assert decision.allowed == (decision.retry_after == 0.0)
            if n > limit:
                assert decision.retry_after == inf
            elif not decision.allowed:
                early = now + decision.retry_after * 0.99 - 1e-3
                assert early <= now or not limiter.take("", n, early).allowed
                assert limiter.take("", n, now + decision.retry_after + 1e-6).allowed
                break


@given(ASKED, st.integers(1, 8))
def test_after_the_reset_all_of_it_is_back(asked, limit):
    for limiter in (SlidingWindow(limit, per=4.0), GCRA(0.5, limit)):
        decision, now = limiter.take("", 1, NOW), NOW
        for now, n in times(asked):
            decision = limiter.take("", n, now)
        assert limiter.take("", limit, now + decision.reset + 1e-6).allowed


def test_a_key_does_not_use_up_what_is_anothers():
    keyed = Keyed(lambda: GCRA(rate=1.0, burst=1))
    assert keyed.take("ada", 1, NOW).allowed
    assert not keyed.take("ada", 1, NOW).allowed
    assert keyed.take("bob", 1, NOW).allowed


def test_of_too_many_keys_the_one_that_was_used_longest_ago_is_forgotten():
    keyed = Keyed(lambda: GCRA(rate=1.0, burst=1), most=2)
    for key in ("ada", "bob", "ada", "eve"):
        keyed.take(key, 1, NOW)
    assert len(keyed) == 2
    assert not keyed.take("ada", 1, NOW).allowed
    assert keyed.take("bob", 1, NOW).allowed


@pytest.mark.parametrize(
    "make",
    [
        lambda: GCRA(0, 1),
        lambda: GCRA(1, 0),
        lambda: GCRA(inf, 1),
        lambda: SlidingWindow(0, 1),
        lambda: SlidingWindow(1, 0),
        lambda: Keyed(lambda: GCRA(1, 1), most=0),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(ValueError, match="expected"):
        make()
