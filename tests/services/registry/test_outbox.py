import pytest

from kitfox.registry import OriginalProvider, Patch
from kitfox.services.registry._outbox import LONGEST_WAIT, Outbox

A = OriginalProvider("LogService", "http://localhost:1")
B = OriginalProvider("LogService", "http://localhost:2")
NONE: frozenset[OriginalProvider] = frozenset()


def told(*providers: OriginalProvider) -> Outbox:
    """Return an outbox whose dependent has been told of the providers."""
    outbox = Outbox(frozenset(providers))
    outbox.take()
    outbox.delivered()
    return outbox


def test_the_first_patch_has_nulls_for_what_is_empty():
    assert Outbox(frozenset({A})).take() == Patch((A,), None)
    assert Outbox(NONE).take() == Patch(None, None)


def test_a_later_patch_has_lists():
    outbox = told()
    outbox.want(frozenset({A}))
    assert outbox.take() == Patch((A,), ())


def test_nothing_is_due_while_a_patch_is_under_way_or_nothing_has_changed():
    outbox = told(A)
    assert outbox.due() is None
    outbox.want(frozenset({B}))
    assert outbox.due() == 0.0
    outbox.take()
    assert outbox.due() is None


def test_a_thousand_changes_while_one_patch_is_under_way_become_one_patch():
    outbox = told(A)
    outbox.want(NONE)
    outbox.take()
    for _ in range(500):
        outbox.want(frozenset({A, B}))
        outbox.want(frozenset({B}))
    outbox.delivered()
    assert outbox.take() == Patch((B,), ())


def test_a_change_that_was_undone_is_not_told():
    outbox = told(A)
    outbox.want(NONE)
    outbox.want(frozenset({A}))
    assert outbox.settled


def test_a_patch_that_was_not_sent_is_told_again_as_it_was():
    outbox = told()
    outbox.want(frozenset({A}))
    patch = outbox.take()
    outbox.failed(0.0, 1.0, sent=False)
    assert outbox.take() == patch


def test_what_may_have_arrived_is_first_removed_and_then_told_again():
    outbox = told()
    outbox.want(frozenset({A}))
    outbox.take()
    outbox.failed(0.0, 1.0, sent=True)
    assert outbox.told == {A}
    assert outbox.take() == Patch((), (A,))
    outbox.delivered()
    assert outbox.take() == Patch((A,), ())
    outbox.delivered()
    assert outbox.settled


def test_failures_wait_longer_each_time_up_to_a_limit_and_a_success_forgets_them():
    outbox = told()
    outbox.want(frozenset({A}))
    waits: list[float] = []
    for _ in range(10):
        outbox.take()
        outbox.failed(100.0, 1.0, sent=False)
        waits.append((outbox.due() or 0.0) - 100.0)
    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == LONGEST_WAIT
    outbox.take()
    outbox.delivered()
    outbox.want(NONE)
    assert outbox.due() == 0.0


def test_chance_shortens_a_wait_by_half_at_most():
    outbox = told()
    outbox.want(frozenset({A}))
    outbox.take()
    outbox.failed(0.0, 0.0, sent=False)
    assert outbox.due() == 0.25


def test_a_restored_outbox_tells_nothing_if_nothing_has_changed():
    assert Outbox.restored(frozenset({A}), frozenset({A})).settled


def test_a_restored_outbox_doubts_what_it_would_have_told_next():
    outbox = Outbox.restored(frozenset({A}), frozenset({B}))
    assert outbox.take() == Patch((), (A, B))
    outbox.delivered()
    assert outbox.take() == Patch((A,), ())


def test_an_outcome_without_a_patch_is_an_error():
    with pytest.raises(RuntimeError, match="no patch is under way"):
        Outbox(NONE).delivered()
