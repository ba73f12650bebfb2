"""Deadlines as blocks: who is cancelled, by which block, and what is in force afterwards."""

import asyncio

import pytest

from kitfox.scope import Deadline, current_deadline, deadline_scope, earliest, fail_after

FOREVER = 3600.0


async def hang():
    await asyncio.Event().wait()


async def let_the_loop_turn():
    await asyncio.sleep(0)


async def cancelled_count():
    """Return how many cancellations the running task still has to answer."""
    return asyncio.current_task().cancelling()


async def test_a_body_that_ends_in_time_is_left_alone():
    async with fail_after(FOREVER) as scope:
        await let_the_loop_turn()
    assert not scope.fired


async def test_a_body_that_takes_too_long_is_cancelled_and_times_out():
    with pytest.raises(TimeoutError):
        async with fail_after(0.01) as scope:
            await hang()
    assert scope.fired
    assert await cancelled_count() == 0


async def test_no_time_at_all_ends_a_body_at_its_first_wait():
    reached = []
    with pytest.raises(TimeoutError):
        async with fail_after(0):
            reached.append("before")
            await hang()
            reached.append("after")
    assert reached == ["before"]


async def test_a_body_that_never_waits_is_not_cancelled_even_if_it_is_late():
    async with fail_after(-1) as scope:
        pass
    assert not scope.fired
    await let_the_loop_turn()
    assert await cancelled_count() == 0


async def test_the_deadline_in_force_is_known_inside_and_only_there():
    assert current_deadline() is None
    async with fail_after(FOREVER):
        assert FOREVER - 60 < current_deadline().remaining() <= FOREVER
    assert current_deadline() is None


async def test_the_deadline_in_force_is_restored_after_an_error_too():
    with pytest.raises(LookupError):
        async with fail_after(FOREVER):
            raise LookupError
    assert current_deadline() is None


@pytest.mark.parametrize(("outer", "inner"), [(10, 20), (20, 10), (10, 10)])
async def test_the_earlier_of_two_blocks_is_in_force(outer, inner):
    now = asyncio.get_running_loop().time()
    async with deadline_scope(Deadline(now + outer)):
        async with deadline_scope(Deadline(now + inner)):
            assert current_deadline().at == now + min(outer, inner)
        assert current_deadline().at == now + outer


async def test_a_block_without_a_deadline_keeps_what_is_in_force():
    async with fail_after(FOREVER):
        before = current_deadline()
        async with deadline_scope(None):
            assert current_deadline() is before


async def test_a_child_task_knows_the_deadline_of_the_block_it_was_started_in():
    async def ask():
        return current_deadline()

    async with fail_after(FOREVER):
        child = asyncio.create_task(ask())
        assert await child is current_deadline()


async def test_when_the_outer_block_is_first_the_inner_one_lets_it_pass():
    async def inner_block():
        async with fail_after(FOREVER) as inner:
            scopes.append(inner)
            await hang()

    scopes = []
    with pytest.raises(TimeoutError):
        async with fail_after(0.01) as outer:
            with pytest.raises(asyncio.CancelledError) as passed:
                await inner_block()
            raise passed.value
    assert (outer.fired, scopes[0].fired) == (True, False)
    assert await cancelled_count() == 0


async def test_when_the_inner_block_is_first_the_outer_one_goes_on():
    async with fail_after(FOREVER) as outer:
        with pytest.raises(TimeoutError):
            async with fail_after(0.01) as inner:
                await hang()
        await let_the_loop_turn()
    assert (outer.fired, inner.fired) == (False, True)
    assert await cancelled_count() == 0


async def test_when_both_fire_in_one_turn_the_outer_one_times_out_once():
    deadline = Deadline.after(0.01)
    with pytest.raises(TimeoutError):
        async with deadline_scope(deadline) as outer, deadline_scope(deadline) as inner:
            await hang()
    assert (outer.fired, inner.fired) == (True, True)
    assert await cancelled_count() == 0
    await let_the_loop_turn()


async def test_a_cancellation_from_outside_passes_through():
    async def body():
        async with fail_after(FOREVER):
            await hang()

    task = asyncio.create_task(body())
    await let_the_loop_turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("offset", [-1e-6, 1e-6], ids=["just before", "just after"])
async def test_a_cancellation_from_outside_in_the_same_turn_wins(offset):
    """The loop wakes up once for both, since its clock is coarser than what lies between them."""
    deadline = Deadline.after(0.01)
    scope = deadline_scope(deadline)

    async def body():
        async with scope:
            await hang()

    task = asyncio.create_task(body())
    asyncio.get_running_loop().call_at(deadline.at + offset, task.cancel)
    await asyncio.wait([task])
    assert scope.fired
    assert task.cancelled()
    assert task.cancelling() == 1


async def test_a_body_that_swallows_its_cancellation_goes_on_and_ends_well():
    async with fail_after(0.01) as scope:
        try:
            await hang()
        except asyncio.CancelledError:
            await let_the_loop_turn()
    assert scope.fired
    assert await cancelled_count() == 0
    await let_the_loop_turn()


async def test_a_body_that_answers_its_cancellation_with_an_error_raises_that():
    with pytest.raises(LookupError):
        async with fail_after(0.01):
            try:
                await hang()
            except asyncio.CancelledError:
                raise LookupError from None
    assert await cancelled_count() == 0


async def test_a_deadline_inside_a_body_that_was_cancelled_once_still_works():
    async def body():
        try:
            await hang()
        except asyncio.CancelledError:
            with pytest.raises(TimeoutError):
                async with fail_after(0.01):
                    await hang()
            raise

    task = asyncio.create_task(body())
    await let_the_loop_turn()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_timer_that_was_stopped_never_fires():
    async with deadline_scope(Deadline.after(0.005)):
        pass
    await asyncio.sleep(0.02)
    assert await cancelled_count() == 0


async def test_blocks_work_inside_a_task_group():
    async with asyncio.TaskGroup() as group:
        quick = group.create_task(times_out(0.005))
        slow = group.create_task(times_out(0.02))
    assert quick.result() is slow.result() is True


async def times_out(seconds):
    try:
        async with fail_after(seconds):
            await hang()
    except TimeoutError:
        return True


async def test_a_group_inside_a_block_is_cancelled_as_a_whole():
    with pytest.raises(TimeoutError):
        async with fail_after(0.01), asyncio.TaskGroup() as group:
            tasks = [group.create_task(hang()) for _ in range(3)]
    assert all(task.cancelled() for task in tasks)


async def test_a_block_left_in_another_context_still_stops_its_timer():
    """As happens to a generator that is closed by the garbage collector."""
    scope = fail_after(0.005)
    await scope.__aenter__()
    leaving = asyncio.create_task(scope.__aexit__(None, None, None))
    with pytest.raises(ValueError, match="Context"):
        await leaving
    await asyncio.sleep(0.02)
    assert await cancelled_count() == 0


def test_a_deadline_outside_a_task_is_refused():
    scope = deadline_scope(Deadline(0.0))
    with pytest.raises(RuntimeError):
        scope.__aenter__().send(None)


async def test_time_left_is_never_negative():
    assert Deadline.after(-5).remaining() == 0.0
    assert 0 < Deadline.after(5).remaining() <= 5


def test_the_earliest_of_two_deadlines_treats_none_as_never():
    one, two = Deadline(1.0), Deadline(2.0)
    assert earliest(one, two) is earliest(two, one) is earliest(one, None) is one
    assert earliest(None, two) is two
    assert earliest(None, None) is None
    assert one < two
