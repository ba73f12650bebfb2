"""The breaker that opens, cools down and probes: its rules one by one, then all at once."""

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kitfox.core import Outcome
from kitfox.resilience import State, Trip, WindowBreaker

GOOD, FAULT, NEITHER = Outcome.GOOD, Outcome.FAULT, Outcome.NEITHER
CLOSED, HALF_OPEN, OPEN = State.CLOSED, State.HALF_OPEN, State.OPEN
NOW = 100.0


def end(breaker, *outcomes, now=NOW, seconds=None):
    """Make calls that end so."""
    for outcome in outcomes:
        breaker.record(breaker.admit(now, 0.0), outcome, seconds, now)


def opened(**options):
    """Make a breaker that opens at its first fault, and did so just now."""
    breaker = WindowBreaker(Trip(streak=1), **options)
    end(breaker, FAULT)
    assert breaker.state is OPEN
    return breaker


def test_it_opens_when_half_of_enough_calls_failed():
    breaker = WindowBreaker(Trip(volume=10, share=0.5))
    end(breaker, *[FAULT] * 4, *[GOOD] * 5)
    assert breaker.state is CLOSED
    end(breaker, FAULT)
    assert breaker.state is OPEN
    assert breaker.admit(NOW, 0.999) is None


def test_few_calls_are_no_evidence_and_neither_are_old_ones():
    breaker = WindowBreaker(Trip(volume=10))
    end(breaker, *[FAULT] * 9)
    end(breaker, *[FAULT] * 9, now=NOW + 11)
    assert breaker.state is CLOSED


def test_it_opens_after_so_many_faults_in_a_row_if_told_to():
    breaker = WindowBreaker(Trip(streak=3))
    end(breaker, FAULT, FAULT, GOOD, FAULT, NEITHER, FAULT)
    assert breaker.state is CLOSED
    end(breaker, FAULT)
    assert breaker.state is OPEN


def test_it_opens_when_too_many_calls_are_slow_if_told_how_long_that_is():
    breaker = WindowBreaker(Trip(volume=10, slow=1.0, slow_share=0.5))
    end(breaker, *[GOOD] * 5, seconds=0.9)
    end(breaker, *[GOOD] * 4, seconds=1.1)
    assert breaker.counts == (9, 0, 0, 4)
    end(breaker, GOOD)  # a stream: its length says nothing
    assert breaker.state is CLOSED
    end(breaker, GOOD, GOOD, seconds=1.1)
    assert breaker.state is OPEN


def test_the_call_that_comes_when_it_has_cooled_is_itself_the_first_probe():
    breaker = opened(cool=5.0)
    assert breaker.admit(NOW + 4.9, 0.0) is None
    assert breaker.admit(NOW + 5.0, 0.0) is not None
    assert breaker.state is HALF_OPEN
    assert breaker.admit(NOW + 5.0, 0.0) is None


def test_so_many_probes_run_at_once_and_so_many_good_ones_close_it():
    breaker = opened(probes=2, successes=3)
    first, second = breaker.admit(NOW + 5, 0.0), breaker.admit(NOW + 5, 0.0)
    assert breaker.admit(NOW + 5, 0.0) is None
    breaker.record(first, GOOD, None, NOW + 6)
    breaker.record(second, GOOD, None, NOW + 6)
    assert breaker.state is HALF_OPEN
    end(breaker, GOOD, now=NOW + 6)
    assert breaker.state is CLOSED


def test_when_it_closes_it_begins_with_a_clean_slate():
    breaker = WindowBreaker(Trip(volume=10), cool=5.0, successes=1)
    end(breaker, *[FAULT] * 10)
    end(breaker, GOOD, now=NOW + 5)
    assert (breaker.state, breaker.counts) == (CLOSED, (0, 0, 0, 0))
    end(breaker, *[FAULT] * 9, now=NOW + 5)
    assert breaker.state is CLOSED


@pytest.mark.parametrize(("outcome", "seconds"), [(FAULT, None), (GOOD, 2.0)])
def test_a_probe_that_fails_or_is_slow_opens_it_again_for_as_long(outcome, seconds):
    breaker = WindowBreaker(Trip(streak=1, slow=1.0), cool=5.0)
    end(breaker, FAULT)
    end(breaker, outcome, now=NOW + 6, seconds=seconds)
    assert breaker.state is OPEN
    assert breaker.admit(NOW + 10.9, 0.0) is None
    assert breaker.admit(NOW + 11.0, 0.0) is not None


def test_a_probe_that_is_cancelled_frees_its_place_and_says_nothing():
    breaker = opened()
    end(breaker, *[NEITHER] * 10, now=NOW + 5)
    assert breaker.state is HALF_OPEN
    assert breaker.admit(NOW + 5, 0.0) is not None


def test_a_probe_that_never_ends_does_not_keep_all_others_out():
    breaker = opened(cool=5.0)
    assert breaker.admit(NOW + 5, 0.0) is not None
    assert breaker.admit(NOW + 9.9, 0.0) is None
    assert breaker.admit(NOW + 10, 0.0) is not None
    assert breaker.admit(NOW + 10, 0.0) is None


def test_calls_from_before_it_opened_neither_close_it_nor_free_a_probe_s_place():
    breaker = WindowBreaker(Trip(streak=1), successes=1)
    old = [breaker.admit(NOW, 0.0) for _ in range(10)]
    end(breaker, FAULT)
    assert breaker.admit(NOW + 5, 0.0) is not None
    for admission in old:
        breaker.record(admission, GOOD, None, NOW + 5)
    assert breaker.state is HALF_OPEN
    assert breaker.admit(NOW + 5, 0.0) is None


def test_by_hand_it_is_opened_closed_and_left_to_itself_again():
    breaker = opened()
    breaker.close()
    end(breaker, *[FAULT] * 100)
    assert (breaker.state, breaker.held) == (CLOSED, True)
    breaker.open()
    assert breaker.admit(NOW + 1000, 0.0) is None
    breaker.reset()
    assert (breaker.state, breaker.held) == (CLOSED, False)
    end(breaker, FAULT)
    assert breaker.state is OPEN


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"slow_share": 2.0}, {"volume": 0}])
def test_a_trip_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected shares"):
        Trip(**wrong)


@pytest.mark.parametrize("wrong", [{"window": 0.0}, {"probes": 0}, {"successes": 0}])
def test_a_breaker_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected window > 0, probes >= 1"):
        WindowBreaker(**wrong)


class Machine(RuleBasedStateMachine):
    """Calls that begin and end in any order, seen by one who knows only the rules."""

    COOL, PROBES, SUCCESSES, STREAK = 5.0, 2, 2, 3

    def __init__(self):
        super().__init__()
        self.changes = []
        self.breaker = WindowBreaker(
            Trip(streak=self.STREAK, volume=10**9),
            cool=self.COOL,
            probes=self.PROBES,
            successes=self.SUCCESSES,
            on_change=lambda *change: self.changes.append(change),
        )
        self.now = NOW
        self.running = []
        self.enter(CLOSED)

    def enter(self, state):
        self.state, self.epoch = state, object()
        self.since, self.streak, self.good, self.probed_at = self.now, 0, 0, None

    @rule(seconds=st.floats(0.0, 6.0))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def a_call_begins(self):
        if self.state is OPEN and self.now - self.since >= self.COOL:
            self.enter(HALF_OPEN)
        admission = self.breaker.admit(self.now, 0.0)
        assert (admission is not None) == self.may_begin()
        if admission is not None:
            self.running.append((admission, self.epoch))
            self.probed_at = self.now

    def may_begin(self):
        if self.state is not HALF_OPEN:
            return self.state is CLOSED
        return self.probing() < self.PROBES or self.now - self.probed_at >= self.COOL

    def probing(self):
        return sum(epoch is self.epoch for _, epoch in self.running)

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def a_call_ends(self, data, outcome):
        if not self.running:
            return
        which = data.draw(st.integers(0, len(self.running) - 1))
        admission, epoch = self.running.pop(which)
        self.breaker.record(admission, outcome, None, self.now)
        if epoch is self.epoch and outcome is not NEITHER:
            self.judge(outcome)

    def judge(self, outcome):
        self.streak = 0 if outcome is GOOD else self.streak + 1
        self.good += outcome is GOOD
        if self.streak >= (1 if self.state is HALF_OPEN else self.STREAK):
            self.enter(OPEN)
        elif self.state is HALF_OPEN and self.good >= self.SUCCESSES:
            self.enter(CLOSED)

    @rule()
    def somebody_resets_it(self):
        self.breaker.reset()
        self.enter(CLOSED)

    @invariant()
    def the_state_is_what_the_rules_say(self):
        assert self.breaker.state is self.state

    @invariant()
    def changes_are_told_one_after_another(self):
        states = [CLOSED, *(after for _, after in self.changes)]
        assert [before for before, _ in self.changes] == states[:-1]
        assert states[-1] is self.state


Machine.TestCase.settings = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestMachine = Machine.TestCase
