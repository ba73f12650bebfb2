"""Counts of the last seconds."""

from hypothesis import HealthCheck, given, settings, strategies as st

from kitfox.resilience._rolling import Rolling

steps = st.lists(
    st.tuples(st.floats(0, 7, allow_nan=False), st.integers(0, 1)), min_size=1, max_size=60
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_the_count_is_that_of_a_window_or_up_to_a_bucket_less(steps):
    rolling, events, now = Rolling(2, window=10.0, buckets=5), [], 50.0
    for wait, kind in steps:
        now += wait
        rolling.add(kind, now)
        events.append((now, kind))
        for counted in (0, 1):
            at_most = sum(kind == counted and now - at <= 10.001 for at, kind in events)
            at_least = sum(kind == counted and now - at < 7.999 for at, kind in events)
            assert at_least <= rolling.at(now)[counted] <= at_most


def test_what_comes_late_counts_as_of_now():
    rolling = Rolling(1, window=10.0, buckets=10)
    rolling.add(0, 100.0)
    rolling.add(0, 95.0)
    assert list(rolling.at(109.0)) == [2]
    assert list(rolling.at(110.0)) == [0]


def test_a_long_silence_empties_the_window():
    rolling = Rolling(1, window=10.0, buckets=10)
    rolling.add(0, 100.0)
    assert list(rolling.at(1e9)) == [0]
    assert list(rolling.totals) == [0]
