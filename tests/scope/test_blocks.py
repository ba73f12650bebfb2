"""Blocks and scopes are one thing: what is in force, who is cancelled by it, and what is raised."""

import asyncio
import gc

import pytest

from kitfox.scope import (
    Deadline,
    Key,
    ScopeCancelled,
    ScopeTimeout,
    background,
    current_deadline,
    current_scope,
    fail_after,
    move_on_after,
)

FOREVER = 3600.0
USER = Key[str]("user")


async def hang():
    await asyncio.Event().wait()


async def let_the_loop_turn():
    await asyncio.sleep(0)


def cancelled_count():
    return asyncio.current_task().cancelling()


@pytest.fixture
def scope():
    """A scope that the test may end."""

    async def make():
        return background().with_cancel()

    return make


async def test_outside_of_all_blocks_the_current_scope_never_ends():
    assert current_scope().deadline is None
    assert current_scope().err is None


async def test_in_a_block_with_a_deadline_the_current_scope_has_it():
    async with fail_after(FOREVER):
        assert current_scope().deadline == current_deadline()
        async with fail_after(FOREVER * 2):
            assert current_scope().deadline == current_deadline()


async def test_the_scope_of_a_block_ends_when_the_block_is_left():
    async with fail_after(FOREVER):
        outer = current_scope()
        async with fail_after(FOREVER):
            inner = current_scope()
        assert isinstance(inner.err, ScopeCancelled)
        assert outer.err is None
    assert outer.done


async def test_the_scope_of_a_block_whose_time_is_up_says_so_inside_and_after():
    with pytest.raises(TimeoutError):
        async with fail_after(0.01):
            known = current_scope()
            try:
                await hang()
            finally:
                assert isinstance(known.err, ScopeTimeout)
                assert isinstance(current_scope().err, ScopeTimeout)
    assert isinstance(known.err, ScopeTimeout)


async def test_a_scope_that_is_first_asked_for_when_time_is_up_has_ended():
    with pytest.raises(TimeoutError):
        async with fail_after(0.01):
            try:
                await hang()
            finally:
                assert isinstance(current_scope().err, ScopeTimeout)


async def test_code_that_never_waits_sees_its_time_pass():
    async with fail_after(0.01):
        while current_scope().err is None:
            pass
        assert isinstance(current_scope().err, ScopeTimeout)


async def test_who_outlives_a_block_stands_in_a_scope_that_is_over():
    go_on = asyncio.Event()

    async def straggle():
        await go_on.wait()
        return current_scope().err

    async with fail_after(FOREVER):
        straggler = asyncio.create_task(straggle())
        await let_the_loop_turn()
    go_on.set()
    assert isinstance(await straggler, ScopeCancelled)


async def test_tasks_that_start_each_other_in_blocks_do_not_pile_up():
    counts = []
    over = asyncio.Event()

    async def step(left):
        async with fail_after(FOREVER):
            if left % 100 == 0:
                gc.collect()
                counts.append(len(gc.get_objects()))
            follower = asyncio.create_task(step(left - 1)) if left else over.set()
            steps.append(follower)
            del steps[:-3]
            await let_the_loop_turn()

    steps = []
    steps.append(asyncio.create_task(step(500)))
    async with fail_after(FOREVER):
        await over.wait()
    await asyncio.gather(*filter(None, steps))
    assert counts[-1] < counts[1] + 200


async def test_a_block_in_a_scope_is_cancelled_when_the_scope_is(scope):
    scope = await scope()
    asyncio.get_running_loop().call_soon(scope.cancel, why := LookupError("enough"))
    with pytest.raises(ScopeCancelled) as caught:
        async with scope:
            await hang()
    assert caught.value.__cause__ is why
    assert cancelled_count() == 0


async def test_a_block_in_a_scope_ends_at_the_scopes_deadline():
    scope = background().with_timeout(0.01, cause=(why := LookupError("slow")))
    with pytest.raises(ScopeTimeout) as caught:
        async with scope:
            await hang()
    assert caught.value.__cause__ is why


async def test_a_block_in_a_scope_that_has_ended_ends_at_its_first_wait(scope):
    scope, reached = await scope(), []
    scope.cancel()
    with pytest.raises(ScopeCancelled):
        async with scope:
            reached.append("before")
            await hang()
            reached.append("after")
    assert reached == ["before"]


async def test_a_body_may_end_its_own_scope(scope):
    scope = await scope()
    with pytest.raises(ScopeCancelled):
        async with scope:
            scope.cancel()
            await hang()
    assert cancelled_count() == 0


async def test_a_body_that_ends_its_scope_and_never_waits_ends_well(scope):
    scope = await scope()
    async with scope:
        scope.cancel()
    await let_the_loop_turn()
    assert cancelled_count() == 0


async def test_one_scope_ends_many_blocks_and_outlives_those_that_end_well(scope):
    scope = await scope()

    async def run():
        async with scope:
            await hang()

    async with scope:
        pass
    assert scope.err is None
    blocks = [asyncio.create_task(run()) for _ in range(3)]
    await let_the_loop_turn()
    scope.cancel()
    ends = await asyncio.gather(*blocks, return_exceptions=True)
    assert all(isinstance(end, ScopeCancelled) for end in ends)


async def test_what_blocks_raise_leaves_no_trace_in_what_their_scope_shows(scope):
    scope = await scope()
    scope.cancel(why := LookupError("enough"))
    for _ in range(2):
        with pytest.raises(ScopeCancelled) as caught:
            async with scope:
                await hang()
        assert caught.value is not scope.err
        assert caught.value.args == scope.err.args
    assert scope.err.__traceback__ is None
    assert why.__traceback__ is None


async def test_a_cancellation_from_outside_passes_through_a_scopes_block(scope):
    scope = await scope()

    async def run():
        async with scope:
            await hang()

    task = asyncio.create_task(run())
    await let_the_loop_turn()
    task.cancel()
    scope.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_scopes_block_inside_a_deadline_lets_its_cancellation_pass(scope):
    scope = await scope()
    with pytest.raises(TimeoutError) as caught:
        async with fail_after(0.01), scope:
            await hang()
    assert not isinstance(caught.value, ScopeTimeout)
    assert scope.err is None


async def test_in_a_scopes_block_the_deadlines_around_and_its_own_are_in_force():
    now = asyncio.get_running_loop().time()
    early, late = (background().with_deadline(Deadline(now + after)) for after in (10, 1000))
    async with fail_after(100):
        around = current_deadline()
        async with early:
            assert current_deadline() == current_scope().deadline == Deadline(now + 10)
        async with late:
            assert current_deadline() == current_scope().deadline == around


async def test_what_a_scope_carries_is_carried_in_its_block_and_the_blocks_within():
    scope = current_scope().with_value(USER, "ada")
    async with scope:
        async with fail_after(FOREVER):
            assert current_scope().value(USER) == "ada"
            async with current_scope().with_value(USER, "bob"):
                assert current_scope().value(USER) == "bob"
        assert await asyncio.create_task(whose()) == "ada"
    assert current_scope().value(USER) is None


async def whose():
    return current_scope().value(USER)


async def test_who_outlives_a_block_still_knows_what_it_carried():
    go_on = asyncio.Event()

    async def straggle():
        async with fail_after(FOREVER):
            await go_on.wait()
        return current_scope()

    async with current_scope().with_value(USER, "ada"), fail_after(FOREVER):
        straggler = asyncio.create_task(straggle())
        await let_the_loop_turn()
    go_on.set()
    scope = await straggler
    assert scope.value(USER) == "ada"
    assert scope.done


async def test_blocks_are_left_in_the_order_they_were_entered(scope):
    scope, other = await scope(), await scope()
    await scope.__aenter__()
    with pytest.raises(RuntimeError, match="the innermost first"):
        await other.__aexit__(None, None, None)
    await scope.__aexit__(None, None, None)
    with pytest.raises(RuntimeError):
        await scope.__aexit__(None, None, None)


async def test_time_that_is_up_can_be_moved_on_from():
    async with move_on_after(0.01) as block:
        await hang()
    assert block.fired
    assert cancelled_count() == 0


async def test_who_is_in_time_need_not_be_moved_on():
    async with move_on_after(FOREVER) as block:
        assert current_deadline() == current_scope().deadline
    assert not block.fired


@pytest.mark.parametrize("error", [LookupError, TimeoutError])
async def test_moving_on_hides_no_error_of_the_body(error):
    with pytest.raises(error):
        async with move_on_after(FOREVER):
            raise error


async def test_moving_on_lets_a_cancellation_from_outside_pass():
    async def run():
        async with move_on_after(FOREVER):
            await hang()

    task = asyncio.create_task(run())
    await let_the_loop_turn()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_an_outer_deadline_is_not_moved_on_from_inside():
    with pytest.raises(TimeoutError):
        async with fail_after(0.01), move_on_after(FOREVER):
            await hang()


async def test_a_scopes_end_can_be_awaited_by_many_and_again(scope):
    scope = await scope()

    async def wait():
        await scope.done
        return scope.err

    waiting = [asyncio.create_task(wait()) for _ in range(3)]
    await let_the_loop_turn()
    scope.cancel()
    assert all(isinstance(end, ScopeCancelled) for end in await asyncio.gather(*waiting))
    await scope.done


async def test_a_wait_for_a_scope_can_be_given_up(scope):
    scope = await scope()
    with pytest.raises(TimeoutError):
        async with fail_after(0.01):
            await scope.done
    scope.cancel()
    await scope.done


async def test_a_deadline_ends_a_wait_for_a_scope():
    async with fail_after(FOREVER):
        await background().with_timeout(0.01).done


async def test_a_loop_is_not_blocked_by_a_wait_for_a_scope(scope):
    with pytest.raises(RuntimeError, match="would block the event loop"):
        (await scope()).done.wait()


async def test_what_runs_after_a_scope_has_the_context_of_who_asked_for_it(scope):
    scope = await scope()
    seen = asyncio.get_running_loop().create_future()
    async with current_scope().with_value(USER, "ada"):
        scope.after_func(lambda: seen.set_result(current_scope().value(USER)))
    scope.cancel()
    async with fail_after(FOREVER):
        assert await seen == "ada"
