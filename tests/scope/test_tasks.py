"""Groups of tasks and threads: they inherit, they end together, and none outlives its block."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from kitfox.scope import (
    Key,
    ScopeCancelled,
    ScopeTimeout,
    background,
    current_deadline,
    current_scope,
    fail_after,
    move_on_after,
    tasks,
    to_thread,
)

FOREVER = 3600.0
LONG = 10.0  # seconds that a thread waits at most
USER = Key[str]("user")
colour = ContextVar("colour", default="none")


async def hang():
    await asyncio.Event().wait()


async def fail(error):
    raise error


async def answer(value=42, *, plus=0):
    return value + plus


async def scope_here():
    return current_scope()


def wait_for_the_end(begun=None):
    """Block until the thread's scope ends, and say how it did."""
    if begun is not None:
        begun()
    current_scope().done.wait(LONG)
    return current_scope().err


def in_loop(function):
    loop = asyncio.get_running_loop()
    return lambda: loop.call_soon_threadsafe(function)


async def test_a_group_waits_for_its_tasks_and_they_keep_their_results():
    async with tasks() as group:
        one = group.start(answer)
        two = group.start(answer, 1, plus=1)
    assert (one.result(), two.result()) == (42, 2)


async def test_a_task_may_start_others():
    async def both():
        return group.start(answer)

    async with tasks() as group:
        first = group.start(both)
    assert first.result().result() == 42


async def test_the_first_failure_ends_the_others_and_is_the_cause():
    why = LookupError("first")
    with pytest.raises(ExceptionGroup) as caught:
        async with tasks() as group:
            other = group.start(hang)
            scope = current_scope()
            group.start(fail, why)
    assert caught.value.exceptions == (why,)
    assert other.cancelled()
    assert scope.cause is why


async def test_all_errors_are_raised_the_bodys_too():
    with pytest.raises(ExceptionGroup) as caught:
        async with tasks() as group:
            group.start(fail, LookupError())
            group.start(fail, KeyError())
            raise ValueError
    assert {type(error) for error in caught.value.exceptions} <= {LookupError, KeyError, ValueError}
    assert any(isinstance(error, ValueError) for error in caught.value.exceptions)


async def test_a_body_that_fails_ends_the_tasks_and_the_scope():
    with pytest.raises(ExceptionGroup):
        async with tasks() as group:
            task = group.start(hang)
            scope = current_scope()
            await asyncio.sleep(0)
            raise (why := LookupError())
    assert task.cancelled()
    assert scope.cause is why


async def test_the_scope_of_a_group_ends_with_it_and_not_the_one_around():
    async with fail_after(FOREVER):
        around = current_scope()
        async with tasks() as group:
            inside = current_scope()
            started = group.start(scope_here)
        assert started.result().deadline == around.deadline
        assert isinstance(inside.err, ScopeCancelled)
        assert around.err is None


async def test_a_task_stands_in_the_groups_scope_wherever_it_was_started():
    async with fail_after(FOREVER), tasks() as group:
        deadline = current_deadline()
        async with fail_after(1.0):
            colour.set("red")
            task = group.start(look)
    assert task.result() == (deadline, "red")


async def look():
    return current_deadline(), colour.get()


async def test_tasks_and_threads_inherit_what_is_carried():
    async with current_scope().with_value(USER, "ada"), tasks() as group:
        task = group.start(scope_here)
        thread = group.start_in_thread(current_scope)
    assert task.result().value(USER) == thread.result().value(USER) == "ada"


async def test_a_deadline_around_a_group_ends_its_tasks_and_threads():
    with pytest.raises(TimeoutError):
        async with fail_after(0.05), tasks() as group:
            task = group.start(hang)
            thread = group.start_in_thread(wait_for_the_end)
    assert task.cancelled()
    assert thread.cancelled()


async def test_a_group_can_be_moved_on_from():
    async with move_on_after(0.01) as block, tasks() as group:
        task = group.start(hang)
    assert block.fired
    assert task.cancelled()


async def test_a_group_that_is_cancelled_ends_its_tasks():
    async def run():
        async with tasks() as group:
            started.append(group.start(hang))
            started.append(group.start_in_thread(wait_for_the_end))
            await hang()

    started = []
    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert all(each.cancelled() for each in started)


async def test_a_thread_that_looks_at_the_groups_scope_from_outside_ends_with_the_group():
    """It holds the scope of the block, not its own: that one, too, ends before it is waited for."""
    ended = []

    def wait(scope):
        ended.append(scope.done.wait(LONG))

    async def run():
        async with tasks() as group:
            group.start_in_thread(wait, current_scope())

    task = asyncio.create_task(run())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert ended == [True]


async def test_a_failing_task_ends_a_thread_beside_it():
    begun = asyncio.Event()

    async def fail_when_begun():
        await begun.wait()
        raise LookupError

    with pytest.raises(ExceptionGroup) as caught:
        async with tasks() as group:
            thread = group.start_in_thread(wait_for_the_end, in_loop(begun.set))
            group.start(fail_when_begun)
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    assert thread.cancelled()


async def test_a_failing_thread_ends_a_task_beside_it():
    def fail_at_once():
        raise LookupError

    with pytest.raises(ExceptionGroup):
        async with tasks() as group:
            task = group.start(hang)
            group.start_in_thread(fail_at_once)
    assert task.cancelled()


async def test_one_task_that_is_cancelled_alone_leaves_the_others_alone():
    async with tasks() as group:
        lonely = group.start(hang)
        other = group.start(answer)
        scope = current_scope()
        await asyncio.sleep(0)
        lonely.cancel()
        await asyncio.wait([lonely])
        assert scope.err is None
    assert other.result() == 42


async def test_a_thread_gives_its_result_and_runs_elsewhere():
    colour.set("red")
    ident, seen = await to_thread(lambda: (threading.get_ident(), colour.get()))
    assert ident != threading.get_ident()
    assert seen == "red"
    assert await to_thread(int, "1f", base=16) == 31


async def test_a_thread_raises_what_it_raises():
    with pytest.raises(ZeroDivisionError):
        await to_thread(lambda: 1 // 0)


async def test_a_thread_that_blocks_is_told_of_the_deadline():
    ends = []
    with pytest.raises(TimeoutError):
        async with fail_after(0.02):
            await to_thread(lambda: ends.append(wait_for_the_end()))
    assert isinstance(ends[0], ScopeTimeout | ScopeCancelled)


async def test_a_cancelled_thread_is_waited_for():
    begun, ended = asyncio.Event(), []
    tell = in_loop(begun.set)
    task = asyncio.create_task(to_thread(lambda: ended.append(wait_for_the_end(tell))))
    async with fail_after(FOREVER):
        await begun.wait()
    task.cancel()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert isinstance(ended[0], ScopeCancelled)


async def test_a_cancelled_thread_that_fails_says_so():
    def fail_when_told():
        raise LookupError from wait_for_the_end()

    with pytest.raises(LookupError):
        async with fail_after(0.02):
            await to_thread(fail_when_told)


async def test_a_cancelled_thread_that_raises_its_scopes_error_is_cancelled():
    def obey():
        raise wait_for_the_end()

    task = asyncio.create_task(to_thread(obey))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_thread_can_end_a_scope_that_a_block_stands_in():
    scope = background().with_cancel()
    with pytest.raises(ScopeCancelled):
        async with scope:
            await to_thread(lambda: (scope.cancel(), wait_for_the_end()))


async def test_a_thread_can_set_a_deadline_and_what_is_to_run_after_it():
    ran = asyncio.Event()

    def work():
        scope = current_scope().with_timeout(0.01)
        stop = current_scope().after_func(print)
        scope.after_func(ran.set)
        assert stop()
        return scope.done.wait(LONG), scope.err

    async with fail_after(FOREVER):
        ended, err = await to_thread(work)
        await ran.wait()
    assert ended
    assert isinstance(err, ScopeTimeout)


async def test_a_deadline_that_a_thread_sets_wakes_a_loop_that_sleeps():
    def alarm():
        rung = threading.Event()
        current_scope().with_timeout(0.001).after_func(rung.set)
        return rung.wait(LONG)

    async with fail_after(FOREVER):
        assert await to_thread(lambda: all(alarm() for _ in range(50)))


async def test_a_thread_that_had_no_turn_before_its_end_does_not_run():
    gate, ran = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        async with tasks() as group:
            group.start_in_thread(gate.wait, LONG)
            late = group.start_in_thread(ran.append, "late")
            await asyncio.sleep(0)
            late.cancel()
            await asyncio.sleep(0)
            gate.set()
    assert late.cancelled()
    assert ran == []


async def test_a_thread_waits_no_longer_than_it_wants():
    assert await to_thread(lambda: current_scope().done.wait(0.01)) is False


async def test_a_plain_thread_of_asyncio_finds_the_scope_too():
    async with fail_after(FOREVER):
        scope = await asyncio.to_thread(current_scope)
        assert scope.deadline == current_deadline()
        assert scope.err is None
    assert isinstance(scope.err, ScopeCancelled)


async def test_threads_that_ask_for_one_scope_at_once_get_the_same():
    meet = threading.Barrier(4)

    def ask():
        meet.wait(LONG)
        return current_scope()

    async with fail_after(FOREVER):
        scopes = await asyncio.gather(*(asyncio.to_thread(ask) for _ in range(4)))
    assert all(scope.done for scope in scopes)


async def test_many_threads_end_one_tree_without_harm():
    parent = background().with_cancel()
    ended = []

    def churn(number):
        for _ in range(200):
            child = parent.with_timeout(FOREVER)
            child.after_func(lambda: ended.append(number))
            child.cancel()
        parent.done.wait(LONG)

    async with fail_after(60), tasks() as group:
        for number in range(4):
            group.start_in_thread(churn, number)
        while len(ended) < 800:
            await asyncio.sleep(0.01)
        parent.cancel()
    assert sorted(ended) == sorted(list(range(4)) * 200)


def test_a_scope_of_a_loop_that_is_closed_can_still_be_ended():
    ran = []

    async def make():
        scope = background().with_timeout(FOREVER)
        scope.after_func(lambda: ran.append(scope))
        return scope

    scope = asyncio.run(make())
    scope.cancel()
    assert scope.err is not None
    assert not ran
