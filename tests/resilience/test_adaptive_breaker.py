"""The breaker that refuses as many calls as fail, in virtual time."""

import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kitfox.core import Outcome
from kitfox.resilience import AdaptiveBreaker, State

GOOD, FAULT, NEITHER = Outcome.GOOD, Outcome.FAULT, Outcome.NEITHER
ALL = 0.999999  # a draw that only certainty refuses
draws = st.floats(0, 1, exclude_max=True)


class Service:
    """Calls to a service, so many a second, and how many of them it can do."""

    def __init__(self, breaker, seed=1):
        self.breaker = breaker
        self.now = 100.0
        self._random = random.Random(seed)

    def run(self, seconds, *, rate=100, capacity=10**6):
        """Call for so long; return the parts that were sent, and that went well."""
        sent, good, calls = 0, 0, int(seconds * rate)
        room = 0.0  # for calls, as a token bucket
        for _ in range(calls):
            self.now += 1 / rate
            room = min(room + capacity / rate, 10.0)
            admission = self.breaker.admit(self.now, self._random.random())
            if admission is not None:
                outcome = GOOD if room >= 1 else FAULT
                room -= outcome is GOOD
                sent, good = sent + 1, good + (outcome is GOOD)
                self.breaker.record(admission, outcome, 0.01, self.now)
        return sent / calls, good / calls


def fail(breaker, times, now=100.0, outcome=FAULT):
    for _ in range(times):
        breaker.record(breaker.admit(now, 0.0) or 0, outcome, None, now)


def test_few_failures_refuse_nobody():
    breaker = AdaptiveBreaker()
    fail(breaker, 5)
    assert breaker.chance(100.0) == 0.0
    assert breaker.admit(100.0, 0.0) is not None
    assert breaker.state is State.CLOSED


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(Outcome), st.floats(0, 3), draws), max_size=150))
def test_none_is_refused_unless_more_than_five_failed_and_a_third(ends):
    breaker, now, known = AdaptiveBreaker(), 100.0, []
    for outcome, wait, draw in ends:
        now += wait
        admission = breaker.admit(now, draw)
        lately = [how for at, how in known if now - at <= 10.001]
        bad = len(lately) - lately.count(GOOD)
        if admission is None:
            assert bad > 5
            assert bad > 0.5 * lately.count(GOOD)
        else:
            breaker.record(admission, outcome, None, now)
        if admission is None or outcome is not NEITHER:
            known.append((now, outcome if admission is not None else FAULT))


def test_the_chance_of_refusal_is_that_of_the_book():
    breaker = AdaptiveBreaker(k=2.0, protect=0, probe_after=60.0)
    for outcome in (GOOD, FAULT, FAULT, FAULT):
        breaker.record(breaker.admit(100.0, ALL), outcome, None, 100.0)
    assert breaker.chance(100.0) == pytest.approx((4 - 2 * 1) / (4 + 1))
    assert breaker.admit(100.0, 0.39) is None
    assert breaker.state is State.HALF_OPEN
    assert breaker.counts == (1, 3, 1, 0)
    assert breaker.chance(100.0) == pytest.approx((5 - 2 * 1) / (5 + 1))


def test_a_service_that_fails_once_in_a_while_is_left_alone():
    service = Service(AdaptiveBreaker())
    sent, _ = service.run(30, capacity=75)
    assert sent == 1.0


def test_of_a_dead_service_hardly_anything_is_asked():
    service = Service(AdaptiveBreaker())
    service.run(10, capacity=0)
    sent, _ = service.run(30, capacity=0)
    assert sent < 0.05


def test_one_that_is_back_has_all_its_calls_within_a_window():
    service = Service(AdaptiveBreaker())
    service.run(30, capacity=0)
    service.run(11)
    assert service.breaker.state is State.CLOSED
    assert service.run(5)[0] == 1.0


def test_an_overloaded_service_gets_little_more_than_it_can_take():
    service = Service(AdaptiveBreaker())
    service.run(20, rate=300, capacity=100)
    sent, good = service.run(60, rate=300, capacity=100)
    assert sent < 1.7 * 100 / 300
    assert good > 0.9 * 100 / 300


def test_when_none_was_admitted_for_a_second_one_is():
    breaker = AdaptiveBreaker(window=100.0)
    fail(breaker, 10_000)
    assert breaker.admit(100.9, 0.0) is None
    probe = breaker.admit(101.0, 0.0)
    assert probe is not None
    assert breaker.admit(101.1, 0.0) is None


def test_cancellations_are_not_counted():
    breaker = AdaptiveBreaker()
    fail(breaker, 100, outcome=NEITHER)
    assert breaker.counts == (0, 0, 0, 0)


def test_what_was_opened_by_hand_stays_so_until_it_is_reset():
    breaker = AdaptiveBreaker()
    breaker.open()
    assert (breaker.state, breaker.held) == (State.OPEN, True)
    assert [breaker.admit(now, 0.999) for now in (100.0, 1e6)] == [None, None]
    breaker.reset()
    assert (breaker.state, breaker.held) == (State.CLOSED, False)
    assert breaker.admit(1e6, 0.0) is not None


def test_what_was_closed_by_hand_admits_all_however_they_end():
    breaker = AdaptiveBreaker()
    fail(breaker, 1000)
    breaker.close()
    fail(breaker, 1000)
    assert breaker.admit(100.0, 0.0) is not None
    assert breaker.state is State.CLOSED


def test_calls_from_before_a_reset_are_not_held_against_it():
    breaker = AdaptiveBreaker()
    before = breaker.admit(100.0, 0.0)
    breaker.reset()
    for _ in range(100):
        breaker.record(before, FAULT, None, 100.0)
    assert breaker.counts.faults == 0


def test_changes_are_told():
    changes = []
    breaker = AdaptiveBreaker(on_change=lambda before, after: changes.append((before, after)))
    fail(breaker, 100)
    breaker.admit(150.0, 0.0)
    breaker.open()
    breaker.open()
    assert changes == [
        (State.CLOSED, State.HALF_OPEN),
        (State.HALF_OPEN, State.CLOSED),
        (State.CLOSED, State.OPEN),
    ]


@pytest.mark.parametrize("wrong", [{"k": 0.5}, {"window": 0.0}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected k >= 1 and window > 0"):
        AdaptiveBreaker(**wrong)
