"""Ending processes, as a decision: asked once, killed when grace is over."""

from hypothesis import given, strategies as st

from kitfox.exec._family import Sight
from kitfox.exec._stop_plan import StopPlan

A, B = 10, 11


def seen(*alive, unsure=False):
    return Sight(frozenset(alive), unsure)


def test_each_is_asked_once_at_the_first_look_that_sees_it():
    plan = StopPlan(0.0, grace=5.0)
    assert plan.decide(0.0, seen(A)).ask == {A}
    assert plan.decide(0.1, seen(A, B)).ask == {B}
    assert plan.decide(0.2, seen(A, B)).ask == frozenset()


def test_nobody_seen_twice_in_a_row_is_the_end():
    plan = StopPlan(0.0, grace=5.0)
    for alive, over in ((set(), False), ({A}, False), (set(), False), (set(), True)):
        step = plan.decide(1.0, seen(*alive))
        assert (step.over, step.ask) == (over, alive)


def test_who_is_unsure_looks_again_after_a_pause():
    plan = StopPlan(0.0, grace=5.0)
    unsure = seen(unsure=True)
    for sight, over in ((seen(), False), (unsure, False), (seen(), False), (seen(), True)):
        step = plan.decide(1.0, sight)
        assert step.over == over
        assert (step.until > 1.0) == (sight == unsure)


def test_no_wait_goes_past_the_end_of_grace():
    plan = StopPlan(0.0, grace=0.01)
    assert plan.decide(0.0, seen(A)).until == 0.01


def test_all_are_killed_at_each_look_after_grace():
    plan = StopPlan(0.0, grace=5.0)
    plan.decide(0.0, seen(A))
    assert plan.decide(5.0, seen(A, B)).kill == {A, B}
    step = plan.decide(5.1, seen(B))
    assert (step.kill, step.ask) == ({B}, frozenset())


def test_without_grace_nobody_is_asked():
    step = StopPlan(3.0, grace=0.0).decide(3.0, seen(A))
    assert (step.ask, step.kill) == (frozenset(), {A})


def test_hurry_shortens_grace_and_never_lengthens_it():
    plan = StopPlan(0.0, grace=5.0)
    plan.hurry(1.0)
    plan.hurry(9.0)
    assert not plan.decide(0.5, seen(A)).kill
    assert plan.decide(1.0, seen(A)).kill == {A}


def test_who_outlives_the_killing_for_long_is_given_up():
    plan = StopPlan(0.0, grace=1.0)
    assert plan.decide(5.9, seen(A)).kill == {A}
    assert plan.decide(6.0, seen(A)).over


@given(st.floats(0, 10), st.lists(st.floats(0.001, 2), min_size=1))
def test_looks_go_forward_and_come_to_an_end(grace, delays):
    plan, now = StopPlan(0.0, grace=grace), 0.0
    for delay in delays * 50:
        step = plan.decide(now, seen(A))
        if step.over:
            assert now >= grace
            return
        assert step.until > now
        now = max(step.until, now + delay)
