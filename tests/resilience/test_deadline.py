"""Deadlines for calls that have none, and the most that a call may take."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kitfox import DeadlineExceeded, Service, current_deadline, fail_after, rpc
from kitfox.core import Through, method_of
from kitfox.resilience import deadline
from kitfox.transports.memory import Memory


class Slow(Service):
    """Tells how long its calls may take."""

    @rpc
    async def left(self) -> float | None:
        if (deadline := current_deadline()) is None:
            return None
        return deadline.remaining()

    @rpc
    async def nap(self) -> None:
        await asyncio.Event().wait()

    @rpc
    async def watch(self) -> AsyncIterator[float | None]:
        yield await self.left()

    @rpc
    async def other(self) -> float | None:
        return await self.left()


@pytest.fixture
async def call_through():
    """Serve and call with middleware at either end."""
    memory = Memory()

    async def client(*, near=None, far=None):
        routes = Slow().routes()
        if far is not None:
            routes = {method: far(endpoint) for method, endpoint in routes.items()}
        listening.append(memory.listen(routes))
        await listening[-1].__aenter__()
        return Slow.client(Through(memory, *([near] if near else [])))

    listening = []
    yield client
    for each in listening:
        await each.__aexit__(None, None, None)


async def test_a_call_without_a_deadline_gets_the_default_one(call_through):
    slow = await call_through(near=deadline(default=60.0))
    assert 50.0 < await slow.left() <= 60.0


async def test_a_call_with_a_deadline_keeps_it_however_late(call_through):
    slow = await call_through(near=deadline(default=60.0))
    async with fail_after(600.0):
        assert await slow.left() > 500.0
    async with fail_after(6.0):
        assert await slow.left() <= 6.0


@pytest.mark.parametrize("end", ["near", "far"])
async def test_the_default_is_enforced(call_through, end):
    slow = await call_through(**{end: deadline(default=0.01)})
    with pytest.raises(DeadlineExceeded):
        await slow.nap()


async def test_nobody_gets_more_than_the_maximum(call_through):
    slow = await call_through(far=deadline(maximum=60.0))
    assert await slow.left() <= 60.0
    async with fail_after(600.0):
        assert await slow.left() <= 60.0
    async with fail_after(6.0):
        assert await slow.left() <= 6.0


async def test_the_maximum_is_enforced_whatever_the_caller_wishes(call_through):
    slow = await call_through(far=deadline(maximum=0.01))
    async with fail_after(600.0):
        with pytest.raises(DeadlineExceeded):
            await slow.nap()


async def test_the_maximum_bounds_the_default_too(call_through):
    slow = await call_through(near=deadline(default=600.0, maximum=60.0))
    assert await slow.left() <= 60.0


async def test_what_streams_is_limited_by_a_function_only(call_through):
    watch = method_of(Slow.watch)
    slow = await call_through(near=deadline(default=60.0, maximum=60.0))
    assert [left async for left in slow.watch()] == [None]
    slow = await call_through(near=deadline(default={watch: 60.0}.get))
    assert [left is not None async for left in slow.watch()] == [True]


async def test_methods_may_have_deadlines_of_their_own(call_through):
    special = {method_of(Slow.left): 600.0}
    near = deadline(default=lambda method: special.get(method, 60.0))
    slow = await call_through(near=near)
    assert await slow.left() > 500.0
    assert await slow.other() <= 60.0


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
@pytest.mark.parametrize("which", ["default", "maximum"])
def test_no_time_at_all_is_a_mistake(which, seconds):
    with pytest.raises(ValueError, match=f"{which}: expected seconds"):
        deadline(**{which: seconds})
