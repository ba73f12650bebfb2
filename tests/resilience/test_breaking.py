"""Breakers before calls: what is refused, what is counted, and by what name they are found."""

import asyncio
import gc

import pytest

from kitfox import Service, rpc
from kitfox.core import Internal, NotFound, Through, Unavailable, Unreachable
from kitfox.resilience import (
    AdaptiveBreaker,
    Breakers,
    State,
    Trip,
    WindowBreaker,
    breaker,
    retry,
)
from kitfox.scope import fail_after
from kitfox.transports.memory import Memory


class Grading(Service):
    """A service that can be broken, and made to wait."""

    def __init__(self):
        self.broken = False
        self.begun = 0
        self.go = asyncio.Event()
        self.go.set()

    @rpc(idempotent=True)
    async def get(self, id: int) -> int:
        self.begun += 1
        await self.go.wait()
        if self.broken:
            raise Internal("broken")
        if id < 0:
            raise NotFound("no such grade")
        return id


class Room:
    """A grading service behind a breaker, over a wire."""

    def __init__(self, policy, clock, memory, *before):
        self.grading = Grading()
        self.memory = memory
        guard = breaker(policy, clock=clock, draw=lambda: 0.0)
        self.client = Grading.client(Through(memory, *before, guard))

    async def errors(self, times):
        """Call so often at once; return the errors."""
        calls = (self.client.get(1) for _ in range(times))
        ends = await asyncio.gather(*calls, return_exceptions=True)
        return [end for end in ends if isinstance(end, Exception)]


@pytest.fixture
async def room(clock):
    """Make rooms whose services listen."""
    rooms = []

    async with fail_after(20):

        async def make(policy, *before):
            room = Room(policy, clock, Memory(), *before)
            listening = room.memory.listen(room.grading.routes())
            await listening.__aenter__()
            rooms.append(listening)
            return room

        yield make
        for listening in rooms:
            await listening.__aexit__(None, None, None)


async def test_a_breaker_that_is_open_sends_nothing(room):
    policy = WindowBreaker(Trip(streak=3))
    there = await room(policy)
    there.grading.broken = True
    for _ in range(3):
        await there.errors(1)
    (error,) = await there.errors(1)
    assert isinstance(error, Unavailable)
    assert error.details == {"reason": "breaker", "state": "open"}
    assert there.grading.begun == 3


async def test_of_many_calls_at_once_exactly_one_probes(room, clock):
    policy = WindowBreaker(Trip(streak=1))
    there = await room(policy)
    there.grading.broken = True
    await there.errors(1)
    clock.now += 5
    assert len(await there.errors(50)) == 50
    assert there.grading.begun == 2
    there.grading.broken = False
    clock.now += 5
    assert len(await there.errors(50)) == 49
    assert policy.state is State.HALF_OPEN
    assert await there.errors(1) == []
    assert policy.state is State.CLOSED
    assert await there.errors(50) == []


async def test_a_probe_whose_caller_gives_up_frees_its_place(room, clock, soon):
    policy = WindowBreaker(Trip(streak=1), successes=1)
    there = await room(policy)
    there.grading.broken = True
    await there.errors(1)
    clock.now += 5
    there.grading.broken = False
    there.grading.go.clear()
    probe = asyncio.create_task(there.client.get(1))
    await soon(lambda: there.grading.begun == 2)
    assert len(await there.errors(1)) == 1
    probe.cancel()
    await asyncio.wait([probe])
    assert policy.state is State.HALF_OPEN
    there.grading.go.set()
    assert await there.errors(1) == []
    assert policy.state is State.CLOSED


async def test_a_server_that_went_silent_is_a_failing_one(clock):
    policy, memory, grading = AdaptiveBreaker(), Memory(), Grading()
    grading.go.clear()
    guarded = Through(memory, breaker(policy))
    async with fail_after(5), memory.listen(grading.routes()):
        with pytest.raises(TimeoutError):
            await Grading.client(guarded, timeout=0.01).get(1)
    assert policy.counts.faults == 1


async def test_what_the_request_is_to_blame_for_opens_nothing(room):
    policy = AdaptiveBreaker()
    there = await room(policy)
    for _ in range(50):
        with pytest.raises(NotFound):
            await there.client.get(-1)
    assert policy.counts == (50, 0, 0, 0)


@pytest.mark.parametrize("make", [AdaptiveBreaker, lambda: WindowBreaker(Trip(streak=1))])
async def test_calls_that_reach_nobody_open_nothing(make, clock):
    policy, memory, grading = make(), Memory(), Grading()
    client = Grading.client(Through(memory, breaker(policy, clock=clock, draw=lambda: 0.0)))
    async with fail_after(5):
        for _ in range(50):
            with pytest.raises(Unreachable):
                await client.get(1)
        assert (policy.state, policy.counts) == (State.CLOSED, (0, 0, 0, 0))
        async with memory.listen(grading.routes()):
            assert await client.get(1) == 1


async def test_what_was_opened_by_hand_says_so(room):
    policy = AdaptiveBreaker()
    there = await room(policy)
    policy.open()
    (error,) = await there.errors(1)
    assert str(error).endswith("/Get: not sent, because the breaker was opened by hand")


async def test_an_adaptive_breaker_lets_a_few_through_and_notices_that_all_is_well(room, clock):
    policy = AdaptiveBreaker()
    there = await room(policy)
    there.grading.broken = True
    await there.errors(30)
    begun = there.grading.begun
    assert len(await there.errors(30)) == 30
    assert there.grading.begun == begun
    there.grading.broken = False
    for _ in range(12):
        clock.now += 1
        await there.errors(1)
    assert await there.errors(30) == []


@pytest.mark.parametrize(("name", "slow"), [("get", 2), ("watch", 0)])
async def test_calls_with_one_reply_may_be_too_slow_and_streams_last_as_they_like(
    clock, script, make_call, name, slow
):
    async def takes_long(call, message):
        clock.now += 2.0

    policy = WindowBreaker(Trip(slow=1.0))
    guarded = breaker(policy, clock=clock)(script(takes_long))
    for _ in range(2):
        await guarded(make_call(name), 1)
    assert policy.counts == (2, 0, 0, slow)


async def test_a_retry_outside_does_not_ask_a_breaker_twice(room):
    policy = AdaptiveBreaker()
    there = await room(policy, retry())
    policy.open()
    await there.errors(1)
    assert policy.counts.refused == 1


async def test_breakers_are_found_by_name_and_switched():
    breakers = Breakers()
    guard = breaker(breakers.of("school.Grading"))
    assert list(breakers) == ["school.Grading"]
    breakers["school.Grading"].open()
    assert breakers.of("school.Grading").state is State.OPEN
    del guard


def test_a_name_has_one_breaker_made_as_one_likes():
    breakers = Breakers()
    first = breakers.of("b", WindowBreaker)
    other = breakers.of("a")
    assert breakers.of("b") is first
    assert isinstance(other, AdaptiveBreaker)
    assert list(breakers) == ["a", "b"]
    assert len(breakers) == 2
    with pytest.raises(KeyError):
        breakers["c"]


def test_a_breaker_that_nobody_uses_any_more_is_gone():
    breakers = Breakers()
    guard = breaker(breakers.of("a"))
    gc.collect()
    assert list(breakers) == ["a"]
    del guard
    gc.collect()
    assert list(breakers) == []
