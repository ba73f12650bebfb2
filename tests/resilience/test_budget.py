"""How much further attempts may add to the load."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kitfox.resilience import Budget

traffic = st.lists(st.tuples(st.floats(0, 3, allow_nan=False), st.booleans()), max_size=200)


def test_a_fifth_of_the_calls_may_be_tried_once_more():
    budget = Budget(floor=0.0)
    for _ in range(100):
        budget.deposit(50.0)
    assert sum(budget.withdraw(50.0) for _ in range(100)) == 20


def test_a_few_a_second_are_free_when_there_are_few_calls():
    budget = Budget(floor=1.0, window=10.0)
    assert sum(budget.withdraw(50.0) for _ in range(100)) == 10
    assert not budget.withdraw(55.0)
    assert budget.left(61.0) == 10


def test_the_floor_is_no_addition_to_the_share():
    budget = Budget(share=0.2, floor=1.0, window=10.0)
    for _ in range(1000):
        budget.deposit(50.0)
    assert budget.left(50.0) == 200


def test_calls_long_ago_earn_nothing_any_more():
    budget = Budget(floor=0.0)
    for _ in range(100):
        budget.deposit(50.0)
    assert not budget.withdraw(60.5)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(traffic)
def test_in_no_window_is_more_spent_than_allowed(traffic):
    budget, calls, spent, now = Budget(share=0.2, floor=0.5, window=10.0), [], [], 50.0
    for wait, retried in traffic:
        now += wait
        budget.deposit(now)
        calls.append(now)
        if retried and budget.withdraw(now):
            spent.append(now)
        lately = [at for at in spent if at > now - 9]
        assert len(lately) <= max(0.2 * sum(at > now - 10.001 for at in calls), 5)


@pytest.mark.parametrize("wrong", [{"share": -0.1}, {"floor": -1.0}, {"window": 0.0}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected share >= 0"):
        Budget(**wrong)
