"""Attempts that end before their call does, with one timer for all."""

import asyncio

import pytest

from kitfox.core import DeadlineExceeded
from kitfox.resilience._cutoffs import Cutoffs
from kitfox.scope import Deadline, fail_after
from kitfox.testing import virtual_time


def after(seconds):
    return Deadline.after(seconds)


async def hang(call, message):
    await asyncio.Event().wait()


async def test_an_attempt_in_time_is_left_alone(script, make_call):
    call = make_call(seconds=60.0)
    deadline = call.deadline
    until = after(30.0)
    endpoint = script("reply")
    assert await Cutoffs().run(endpoint, call, 1, until) == "reply"
    assert endpoint.seen == [({}, until)]
    assert call.deadline is deadline


@virtual_time
async def test_a_late_one_is_cancelled_and_its_task_goes_on(make_call):
    call = make_call(seconds=60.0)
    with pytest.raises(DeadlineExceeded, match="no reply to this attempt in its part"):
        await Cutoffs().run(hang, call, 1, after(0.01))
    assert asyncio.current_task().cancelling() == 0
    assert call.deadline.remaining() > 10


@virtual_time
async def test_each_has_its_own_time_whatever_the_order(make_call):
    cutoffs, ended = Cutoffs(), []

    async def run(seconds):
        with pytest.raises(DeadlineExceeded):
            await cutoffs.run(hang, make_call(), 1, after(seconds))
        ended.append(seconds)

    await asyncio.gather(*map(run, (0.06, 0.02, 0.08, 0.04)))
    assert ended == [0.02, 0.04, 0.06, 0.08]


@virtual_time
async def test_a_long_wait_does_not_hide_a_short_one_that_comes_later(make_call):
    cutoffs = Cutoffs()
    long = asyncio.create_task(cutoffs.run(hang, make_call(), 1, after(60.0)))
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceeded):
        await cutoffs.run(hang, make_call(), 1, after(0.01))
    assert not long.done()
    long.cancel()
    await asyncio.wait([long])
    assert long.cancelled()


async def test_a_cancellation_from_outside_passes_even_when_both_come_at_once(make_call):
    task = asyncio.create_task(Cutoffs().run(hang, make_call(), 1, after(0.0)))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.0, task.cancel)  # behind the timer, in the same turn
    await asyncio.wait([task])
    assert task.cancelled()
    assert task.cancelling() == 1


@virtual_time
async def test_an_endpoint_that_ends_in_spite_of_it_has_its_way(make_call):
    async def stubborn(call, message):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "reply"

    assert await Cutoffs().run(stubborn, make_call(), 1, after(0.01)) == "reply"
    assert asyncio.current_task().cancelling() == 0


def test_it_serves_one_loop_after_another(make_call):
    cutoffs = Cutoffs()

    async def quick(call, message):
        return "reply"

    async def leaves_a_timer():
        return await cutoffs.run(quick, make_call(), 1, after(0.01))

    async def late():
        async with fail_after(5):
            with pytest.raises(DeadlineExceeded):
                await cutoffs.run(hang, make_call(), 1, after(0.02))

    assert asyncio.run(leaves_a_timer()) == "reply"
    asyncio.run(late())
