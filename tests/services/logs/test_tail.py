"""Following a log with a queue that is bounded."""

import asyncio

import pytest

from kitfox.core import Unavailable
from kitfox.scope import fail_after
from kitfox.services.logs import Filter
from kitfox.services.logs._entry import Stored
from kitfox.services.logs._query import Matcher
from kitfox.services.logs._tail import Tail, Tails


@pytest.fixture
def stored(entry):
    def make(number, **changes):
        return Stored(number, entry(str(number), **changes))

    return make


async def test_a_slow_reader_gets_the_newest_and_is_told_what_it_missed(stored):
    tail = Tail(Matcher(Filter()), 3)
    for n in range(1, 11):
        tail.offer(stored(n))
    got = [await tail.receive() for _ in range(3)]
    assert [(t.entry.message, t.missed) for t in got] == [("8", 7), ("9", 0), ("10", 0)]


async def test_a_reader_waits_for_the_next_entry(stored):
    tail = Tail(Matcher(Filter()), 3)
    reading = asyncio.create_task(tail.receive())
    await asyncio.sleep(0)
    tail.offer(stored(1))
    async with fail_after(5):
        assert (await reading).entry.message == "1"


async def test_what_the_reader_does_not_want_takes_no_room(stored):
    tail = Tail(Matcher(Filter(level=17)), 1)
    tail.offer(stored(1, level=17))
    tail.offer(stored(2, level=9))
    assert (await tail.receive()).missed == 0


async def test_what_the_reader_has_already_is_not_given_again(stored):
    tail = Tail(Matcher(Filter()), 9)
    tail.offer(stored(1))
    tail.begin(3)
    tail.offer(stored(2))
    tail.offer(stored(3))
    assert (await tail.receive()).entry.message == "3"


async def test_a_service_that_stops_lets_its_readers_read_to_the_end(stored):
    tails = Tails(1, 9)
    with tails.open(Filter()) as tail:
        tails.publish([stored(1)])
        tails.close()
        assert (await tail.receive()).entry.message == "1"
        with pytest.raises(Unavailable, match="the log service is stopping"):
            await tail.receive()


async def test_a_stop_wakes_a_reader_that_waits(stored):
    tails = Tails(1, 9)
    with tails.open(Filter()) as tail:
        reading = asyncio.create_task(tail.receive())
        await asyncio.sleep(0)
        tails.close()
        async with fail_after(5):
            with pytest.raises(Unavailable):
                await reading


async def test_a_reader_that_left_makes_room_for_another(stored):
    tails = Tails(1, 1)
    with tails.open(Filter()):
        pass
    with tails.open(Filter()) as tail:
        tails.publish([stored(1)])
        assert (await tail.receive()).entry.message == "1"
