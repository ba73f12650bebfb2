"""The tree of scopes does what Go's package context does, case by case."""

import gc

import pytest

from kitfox.scope import (
    Deadline,
    Key,
    ScopeCancelled,
    ScopeTimeout,
    background,
)

USER = Key[str]("user")


@pytest.fixture
def top(clock):
    return background(clock)


@pytest.fixture
def heard():
    """What was told, in order."""
    return []


def test_nothing_ends_the_background(top, clock):
    clock.pass_(1e9)
    assert (top.err, top.cause, top.deadline, top.remaining) == (None, None, None, None)
    assert not top.done


def test_who_is_cancelled_says_so(top):
    scope = top.with_cancel()
    assert scope.err is None
    scope.cancel()
    assert isinstance(scope.err, ScopeCancelled)
    assert isinstance(scope.cause, ScopeCancelled)
    assert scope.done


def test_a_cause_is_what_was_given(top):
    scope = top.with_cancel()
    scope.cancel(why := LookupError("gone"))
    assert isinstance(scope.err, ScopeCancelled)
    assert scope.cause is why


def test_of_two_causes_the_first_counts(top):
    scope = top.with_cancel()
    scope.cancel(first := LookupError())
    scope.cancel(KeyError())
    assert scope.cause is first


def test_cancelled_without_a_cause_a_later_one_does_not_count(top):
    scope = top.with_cancel()
    scope.cancel()
    scope.cancel(KeyError())
    assert isinstance(scope.cause, ScopeCancelled)


def test_children_end_with_their_parent_and_for_its_cause(top):
    parent = top.with_cancel()
    child = parent.with_cancel()
    grandchild = child.with_timeout(60)
    parent.cancel(why := LookupError())
    for scope in (child, grandchild):
        assert isinstance(scope.err, ScopeCancelled)
        assert scope.cause is why


def test_a_childs_end_does_not_touch_its_parent_nor_its_siblings(top):
    parent = top.with_cancel()
    child, sibling = parent.with_cancel(), parent.with_cancel()
    child.cancel()
    assert (parent.err, sibling.err) == (None, None)


def test_a_child_that_ended_first_keeps_its_own_cause(top):
    parent = top.with_cancel()
    child = parent.with_cancel()
    child.cancel(own := LookupError())
    parent.cancel(KeyError())
    assert child.cause is own


def test_a_child_of_what_has_ended_has_ended(top):
    parent = top.with_cancel()
    parent.cancel(why := LookupError())
    child = parent.with_timeout(60)
    child.cancel(KeyError())
    assert isinstance(child.err, ScopeCancelled)
    assert child.cause is why


def test_a_scope_ends_at_its_deadline(top, clock):
    scope = top.with_timeout(5)
    clock.pass_(4.9)
    assert scope.err is None
    assert scope.remaining == pytest.approx(0.1)
    clock.pass_(0.1)
    assert isinstance(scope.err, ScopeTimeout)
    assert isinstance(scope.err, TimeoutError)
    assert scope.remaining == 0.0


def test_a_deadline_in_the_past_has_passed(top, clock):
    clock.pass_(10)
    assert isinstance(top.with_deadline(Deadline(9)).err, ScopeTimeout)


def test_the_earlier_deadline_is_in_force_whosever_it_is(top):
    early = top.with_deadline(Deadline(5))
    assert early.with_deadline(Deadline(9)).deadline == Deadline(5)
    assert early.with_deadline(Deadline(3)).deadline == Deadline(3)
    assert early.with_cancel().deadline == Deadline(5)


def test_a_late_cause_is_told_only_of_ones_own_deadline(top, clock):
    why = LookupError("slow")
    own = top.with_timeout(5, cause=why)
    parents = top.with_timeout(5).with_timeout(9, cause=why)
    cancelled = top.with_timeout(5, cause=why)
    cancelled.cancel()
    clock.pass_(5)
    assert own.cause is why
    assert isinstance(parents.cause, ScopeTimeout)
    assert isinstance(cancelled.cause, ScopeCancelled)


def test_cancelling_after_the_deadline_changes_nothing(top, clock):
    scope = top.with_timeout(5)
    clock.pass_(5)
    scope.cancel(LookupError())
    assert isinstance(scope.err, ScopeTimeout)
    assert isinstance(scope.cause, ScopeTimeout)


def test_a_deadline_after_a_cancellation_changes_nothing(top, clock):
    scope = top.with_timeout(5)
    scope.cancel()
    clock.pass_(6)
    assert isinstance(scope.err, ScopeCancelled)


def test_a_child_that_nobody_looked_at_ended_at_its_own_deadline_first(top, clock):
    parent = top.with_cancel()
    child = parent.with_timeout(1, cause=LookupError("slow"))
    clock.time = 2  # no timer has run
    parent.cancel()
    assert isinstance(child.err, ScopeTimeout)
    assert isinstance(child.cause, LookupError)


def test_a_parent_that_nobody_looked_at_ended_before_its_child_was_cancelled(top, clock):
    parent = top.with_timeout(1)
    child = parent.with_cancel()
    clock.time = 2
    child.cancel(LookupError())
    assert isinstance(child.err, ScopeTimeout)
    assert isinstance(child.cause, ScopeTimeout)


def test_an_end_has_one_error_however_often_and_from_wherever_it_is_looked_at(top, clock):
    parent = top.with_timeout(5)
    children = [parent.with_cancel(), parent.with_timeout(9)]
    clock.pass_(5)
    assert parent.err is parent.err is parent.cause
    assert all(child.err is child.cause is parent.err for child in children)


def test_values_are_found_under_their_key_the_nearest_first(top):
    outer = top.with_value(USER, "ada")
    inner = outer.with_cancel().with_value(USER, "bob")
    assert (outer.value(USER), inner.value(USER)) == ("ada", "bob")
    assert top.value(USER) is None
    assert top.value(USER, "nobody") == "nobody"
    assert inner.with_timeout(1).value(USER) == "bob"


def test_two_keys_of_one_name_are_two(top):
    assert top.with_value(USER, "ada").value(Key("user")) is None
    assert repr(USER) == "<Key user>"


def test_none_is_a_value(top):
    key = Key[int | None]("limit")
    assert top.with_value(key, None).value(key, 7) is None


def test_a_scope_with_a_value_ends_with_the_one_it_was_made_of(top):
    scope = top.with_cancel()
    carrying = scope.with_value(USER, "ada")
    scope.cancel(why := LookupError())
    assert carrying.cause is why


def test_without_cancel_keeps_the_values_and_nothing_else(top, clock):
    scope = top.with_value(USER, "ada").with_timeout(5)
    apart = scope.without_cancel()
    scope.cancel()
    clock.pass_(6)
    assert (apart.err, apart.cause, apart.deadline) == (None, None, None)
    assert apart.value(USER) == "ada"
    own = apart.with_cancel()
    own.cancel()
    assert own.err is not None


def test_what_is_to_run_afterwards_runs_once_and_soon(top, clock, heard):
    scope = top.with_cancel()
    scope.after_func(lambda: heard.append("ran"))
    scope.cancel()
    assert heard == []
    clock.turn()
    scope.cancel()
    clock.turn()
    assert heard == ["ran"]


def test_what_is_to_run_after_an_end_that_has_come_runs_soon(top, clock, heard):
    scope = top.with_cancel()
    scope.cancel()
    stop = scope.after_func(lambda: heard.append("ran"))
    assert not stop()
    clock.turn()
    assert heard == ["ran"]


def test_what_was_stopped_in_time_does_not_run(top, clock, heard):
    scope = top.with_cancel()
    stop = scope.after_func(lambda: heard.append("ran"))
    assert stop()
    assert not stop()
    scope.cancel()
    clock.turn()
    assert heard == []


def test_stopping_too_late_says_so(top, clock, heard):
    scope = top.with_cancel()
    stop = scope.after_func(lambda: heard.append("ran"))
    scope.cancel()
    assert not stop()
    clock.turn()
    assert heard == ["ran"]


def test_what_runs_afterwards_may_cancel_and_register_again(top, clock, heard):
    scope = top.with_cancel()

    def again():
        scope.cancel(KeyError())
        scope.after_func(lambda: heard.append(repr(scope.cause)))

    scope.after_func(again)
    scope.cancel(LookupError())
    clock.turn()
    assert heard == ["LookupError()"]


def test_a_deadline_runs_what_is_to_run_afterwards(top, clock, heard):
    top.with_timeout(5).with_cancel().after_func(lambda: heard.append(clock.now()))
    clock.pass_(60)
    assert heard == [5.0]


def test_the_whole_tree_has_ended_before_anybody_is_told_and_parents_are_told_first(
    top, clock, heard
):
    parent = top.with_cancel()
    child = parent.with_cancel()
    leaf = child.with_cancel()
    for name, scope in (("leaf", leaf), ("child", child), ("parent", parent)):
        scope.after_func(lambda name=name: heard.append((name, leaf.err is not None)))
    parent.cancel()
    assert leaf.err is not None
    clock.turn()
    assert heard == [("parent", True), ("child", True), ("leaf", True)]


def test_a_hundred_thousand_children_under_a_long_lived_parent_leave_nothing(top, clock):
    parent = top.with_timeout(1e6)
    parent.after_func(lambda: None)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(100_000):
        child = parent.with_timeout(60 + number)
        child.after_func(lambda: None)
        child.cancel()
    assert clock.timers == 1
    clock.pass_(200_000)  # which forgets the timers that were stopped
    del child
    gc.collect()
    assert len(gc.get_objects()) < before + 1000


def test_children_that_were_only_forgotten_leave_nothing_either(top, clock):
    parent = top.with_cancel()
    before = len(gc.get_objects())
    for _ in range(1000):
        parent.with_timeout(60).with_value(USER, "ada")
    assert clock.timers == 0
    gc.collect()
    assert len(gc.get_objects()) < before + 100


def test_a_timer_is_set_only_while_somebody_waits_for_it(top, clock):
    scope = top.with_timeout(60).with_cancel()
    assert clock.timers == 0
    first, second = scope.after_func(print), scope.after_func(print)
    assert clock.timers == 1
    first()
    assert clock.timers == 1
    second()
    assert clock.timers == 0


def test_a_chain_of_ten_thousand_ends_at_once(top):
    first = scope = top.with_cancel()
    for _ in range(10_000):
        scope = scope.with_cancel()
    scope.after_func(lambda: None)
    first.cancel(why := LookupError())
    assert scope.cause is why


def test_a_scope_shows_what_has_come_of_it(top):
    scope = top.with_cancel()
    assert repr(scope) == "<CancelScope open>"
    scope.cancel()
    assert repr(scope.with_value(USER, "ada")) == "<Scope the scope was cancelled>"
