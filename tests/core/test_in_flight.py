"""The running calls of a listener, and how they come to an end."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest

from kitfox import Call, Cancelled, Service, Unavailable, methods_of, rpc
from kitfox.core import InFlight

colour = ContextVar("colour", default="none")


class Lamp(Service):
    @rpc
    async def shine(self) -> None:
        """Shine."""

    @rpc
    async def glow(self) -> AsyncIterator[int]:
        """Shine on."""
        yield 1


@pytest.fixture
def in_flight():
    return InFlight()


@pytest.fixture
def call():
    return Call(methods_of(Lamp)["shine"])


@pytest.fixture
def start(in_flight, call):
    return lambda run: in_flight.start(run, call)


async def hang():
    await asyncio.Event().wait()


async def answer(when=None):
    if when is not None:
        await when.wait()
    return 42


async def nothing_to_wait_for(seen):
    seen.append(asyncio.current_task())


async def see():
    return colour.get()


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_call_runs_and_is_counted_while_it_does(in_flight, start):
    may_end = asyncio.Event()
    task = start(answer(may_end))
    assert len(in_flight) == 1
    may_end.set()
    assert await task == 42
    await turns()
    assert len(in_flight) == 0


async def test_a_call_that_waits_for_nothing_is_never_left_behind(in_flight, start):
    seen = []
    task = start(nothing_to_wait_for(seen))
    begun_at_once = bool(seen)
    assert begun_at_once is (sys.version_info >= (3, 12))
    await task
    await turns()
    assert seen == [task]
    assert len(in_flight) == 0


async def test_a_call_sees_nothing_of_who_started_it(in_flight, start):
    colour.set("red")
    assert await start(see()) == "none"


async def test_once_refused_no_call_starts_and_the_running_go_on(in_flight, start):
    task = start(hang())
    in_flight.refuse()
    assert in_flight.draining
    with pytest.raises(Unavailable, match="the server is stopping"):
        start(answer())
    await turns()
    assert not task.done()
    await in_flight.drain(0)


async def test_draining_waits_for_calls_that_end_in_time(in_flight, start):
    door = asyncio.Event()
    task = start(door.wait())
    drained = asyncio.create_task(in_flight.drain(60))
    await turns()
    assert not drained.done()
    door.set()
    await drained
    assert task.result() is True


async def test_draining_cancels_what_does_not(in_flight, start):
    tasks = [start(hang()) for _ in range(3)]
    await in_flight.drain(0.01)
    assert all(task.cancelled() for task in tasks)
    assert len(in_flight) == 0


async def test_draining_does_not_wait_for_what_may_be_endless(in_flight):
    methods = methods_of(Lamp)
    stream = in_flight.start(hang(), Call(methods["glow"]))
    steady = in_flight.start(hang(), Call(methods["shine"]))
    drained = asyncio.create_task(in_flight.drain(600))
    await asyncio.wait([stream])
    assert stream.cancelled()
    assert not steady.done()
    steady.cancel()
    await drained


async def test_draining_cancels_again_who_swallows_it_and_goes_on(in_flight, start):
    swallowed = []

    async def stubborn():
        try:
            await hang()
        except asyncio.CancelledError:
            swallowed.append(1)
        await hang()

    task = start(stubborn())
    await turns()
    await in_flight.drain(0)
    assert swallowed == [1]
    assert task.cancelled()


async def test_draining_that_is_cut_short_cancels_at_once(in_flight, start):
    task = start(hang())
    drained = asyncio.create_task(in_flight.drain(60))
    await turns()
    drained.cancel()
    await asyncio.wait([task, drained])
    assert task.cancelled()


async def test_draining_nothing_ends_at_once(in_flight):
    await in_flight.drain(60)


async def test_a_call_that_is_cancelled_is_told_why_by_its_scope(in_flight, start, call):
    task = start(hang())
    in_flight.cancel(task, why := Cancelled("the caller has left"))
    await asyncio.wait([task])
    assert task.cancelled()
    assert call.node.ending().cause is why


async def test_cancelling_what_is_over_or_was_never_started_here_does_nothing(
    in_flight, start, call
):
    task = start(answer())
    assert await task == 42
    await turns()
    in_flight.cancel(task, Cancelled("too late"))
    in_flight.cancel(asyncio.current_task(), Cancelled("a stranger"))
    assert call.node.ending() is None


async def test_draining_says_to_the_calls_it_cancels_that_the_server_stops(in_flight, start, call):
    start(hang())
    await in_flight.drain(0)
    assert isinstance(call.node.ending().cause, Unavailable)
