"""So many at once, so many that wait, first come first served, and nobody after the deadline."""

import asyncio
import random
import time

import pytest

from kitfox import DeadlineExceeded, Unavailable, fail_after
from kitfox.core import retry_after
from kitfox.resilience import Bulkhead, bulkhead
from kitfox.scope import Deadline


class Hall:
    """Holds calls until the test lets them go, and notes who was in."""

    def __init__(self):
        self.came = []
        self.inside = 0
        self.most = 0
        self.go = asyncio.Semaphore(0)

    async def __call__(self, call, message):
        self.came.append(message)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.go.acquire()
        finally:
            self.inside -= 1
        return message


@pytest.fixture
def hall():
    return Hall()


@pytest.fixture
async def begin(hall, make_call):
    """Begin calls through a bulkhead's middleware; those that still run are ended at the end."""
    tasks = []

    def start(endpoint, message, **options):
        tasks.append(asyncio.create_task(endpoint(make_call(**options), message)))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_no_more_run_at_once_than_there_are_places(hall, begin):
    room = Bulkhead(2, queue=10)
    endpoint = bulkhead(room)(hall)
    tasks = [begin(endpoint, number) for number in range(6)]
    await turns()
    assert (room.running, room.waiting, hall.inside) == (2, 4, 2)
    async with fail_after(5):
        for _ in tasks:
            hall.go.release()
        assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4, 5]
    assert hall.most == 2
    assert hall.came == [0, 1, 2, 3, 4, 5]  # first come, first served
    assert (room.running, room.waiting) == (0, 0)


async def test_when_too_many_wait_the_next_is_refused_before_it_begins(hall, begin, make_call):
    endpoint = bulkhead(room := Bulkhead(1, queue=1))(hall)
    begin(endpoint, 1)
    begin(endpoint, 2)
    await turns()
    assert room.full
    with pytest.raises(Unavailable) as caught:
        await endpoint(make_call("add"), 3)
    assert caught.value.details["reason"] == "overload"
    assert caught.value.details["refused"] == "/a.B/add"
    assert retry_after(caught.value) > 0
    assert hall.came == [1]


async def test_without_a_queue_nobody_waits(hall, begin, make_call):
    endpoint = bulkhead(Bulkhead(1))(hall)
    begin(endpoint, 1)
    await turns()
    with pytest.raises(Unavailable):
        await endpoint(make_call(), 2)


async def test_a_call_that_fails_gives_its_place_back(make_call, script):
    room = Bulkhead(1)
    endpoint = bulkhead(room)(script(ValueError("broken"), "reply"))
    with pytest.raises(ValueError, match="broken"):
        await endpoint(make_call(), 1)
    assert await endpoint(make_call(), 1) == "reply"
    assert room.running == 0


async def test_who_waits_leaves_at_its_deadline_and_is_never_begun(hall, begin):
    endpoint = bulkhead(room := Bulkhead(1, queue=5))(hall)
    begin(endpoint, 1)
    late = begin(endpoint, 2, seconds=0.02)
    async with fail_after(5):
        with pytest.raises(DeadlineExceeded):
            await late
        assert room.waiting == 0
        third = begin(endpoint, 3)
        hall.go.release()
        hall.go.release()
        assert await third == 3
    assert hall.came == [1, 3]


async def test_a_place_that_a_late_loop_gives_after_the_deadline_is_handed_on(hall, begin):
    room = Bulkhead(1, queue=5)
    endpoint = bulkhead(room)(hall)
    begin(endpoint, 1)
    late, patient = begin(endpoint, 2, seconds=0.05), begin(endpoint, 3)
    await turns()
    hall.go.release()
    hall.go.release()
    time.sleep(0.1)  # the loop stands still while the deadline passes, and the place is free
    async with fail_after(5):
        assert await patient == 3
        with pytest.raises(DeadlineExceeded):
            await late
    assert hall.came == [1, 3]


async def test_a_deadline_that_is_over_is_not_begun_even_when_no_timer_said_so(make_call):
    room = Bulkhead(1, queue=1)
    await room.enter()
    loop = asyncio.get_running_loop()
    deadline = Deadline(loop.time() + 0.05)
    entering = asyncio.create_task(room.enter(deadline))
    await asyncio.sleep(0)
    time.sleep(0.06)
    room.leave()  # in the very turn in which the timer would have come
    with pytest.raises(DeadlineExceeded):
        await entering
    assert room.running == 0


async def test_who_is_cancelled_while_waiting_leaves_the_queue(hall, begin):
    endpoint = bulkhead(room := Bulkhead(1, queue=5))(hall)
    begin(endpoint, 1)
    leaving, staying = begin(endpoint, 2), begin(endpoint, 3)
    await turns()
    leaving.cancel()
    await turns()
    assert (leaving.cancelled(), room.waiting) == (True, 1)
    hall.go.release()
    hall.go.release()
    async with fail_after(5):
        assert await staying == 3


async def test_who_is_cancelled_in_the_turn_in_which_it_gets_a_place_hands_it_on():
    room = Bulkhead(1, queue=5)
    await room.enter()
    first, second = asyncio.create_task(room.enter()), asyncio.create_task(room.enter())
    await turns()
    room.leave()
    first.cancel()
    async with fail_after(5):
        await second
        with pytest.raises(asyncio.CancelledError):
            await first
    assert (room.running, room.waiting) == (1, 0)


async def test_a_place_goes_past_who_was_cancelled_in_the_same_turn():
    room = Bulkhead(1, queue=5)
    await room.enter()
    first, second = asyncio.create_task(room.enter()), asyncio.create_task(room.enter())
    await turns()
    first.cancel()
    room.leave()
    async with fail_after(5):
        await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (room.running, room.waiting) == (1, 0)


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_no_place_is_lost_or_doubled(seed):
    chance, room, inside = random.Random(seed), Bulkhead(3, queue=8), 0

    async def visit():
        nonlocal inside
        soon = Deadline.after(chance.choice([0.0, 0.001, 5.0]))
        await room.enter(soon)
        try:
            inside += 1
            assert inside <= 3
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
        finally:
            inside -= 1
            room.leave()

    tasks = []
    async with fail_after(10):
        for _ in range(300):
            tasks.append(asyncio.create_task(visit()))
            if chance.random() < 0.3:
                chance.choice(tasks).cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(0)
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    expected = (asyncio.CancelledError, Unavailable, DeadlineExceeded)
    assert [end for end in ends if end is not None and not isinstance(end, expected)] == []
    assert (room.running, room.waiting, inside) == (0, 0, 0)


async def test_the_delay_is_how_long_the_first_has_waited():
    room, loop = Bulkhead(1, queue=2), asyncio.get_running_loop()
    await room.enter()
    assert room.delay(loop.time()) == 0.0
    waiting = [asyncio.create_task(room.enter()) for _ in range(2)]
    await turns()
    assert room.delay(loop.time() + 5.0) >= 5.0
    for task in waiting:
        room.leave()
        await task
    assert room.delay(loop.time() + 5.0) == 0.0


async def test_it_is_a_block_too_with_the_deadline_in_force():
    room = Bulkhead(1, queue=1)
    async with room:
        assert room.running == 1
        with pytest.raises(TimeoutError):
            async with fail_after(0.02), room:
                pytest.fail("there was no place")
    async with room:
        pass
    assert room.running == 0


async def test_a_block_is_refused_when_too_many_wait():
    room = Bulkhead(1)
    async with room:
        with pytest.raises(Unavailable) as caught:
            await room.enter()
    assert "refused" not in caught.value.details  # the call that asked has begun


def test_what_makes_no_sense_is_refused():
    for limit, queue in ((0, 0), (1, -1)):
        with pytest.raises(ValueError, match="expected a limit"):
            Bulkhead(limit, queue=queue)
