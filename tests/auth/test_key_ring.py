"""When published keys are read again, and what becomes of calls meanwhile."""

import asyncio

import pytest

from kitfox import Unavailable
from kitfox.auth._key_ring import KeyRing
from kitfox.scope import fail_after


class Publisher:
    """Has keys, and a clock; can be slow or away."""

    def __init__(self):
        self.now = 1000.0
        self.keys = ["a"]
        self.reads = 0
        self.away = False
        self.answering = asyncio.Event()
        self.answering.set()

    async def read(self):
        self.reads += 1
        await self.answering.wait()
        if self.away:
            raise OSError("nobody is there")
        return list(self.keys)

    async def reads_are(self, count):
        async with fail_after(5.0):
            while self.reads != count:
                await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.fixture
def publisher():
    return Publisher()


@pytest.fixture
async def ring(publisher):
    ring = KeyRing(publisher.read, max_age=100.0, again=10.0, clock=lambda: publisher.now)
    yield ring
    await ring.aclose()


def find(ring, key):
    return ring.find(lambda known: known == key)


async def test_keys_are_read_once_for_all_who_wait(publisher, ring):
    found = await asyncio.gather(*(find(ring, "a") for _ in range(10)))
    assert found == ["a"] * 10
    assert publisher.reads == 1


async def test_a_new_key_is_found_as_soon_as_it_is_named(publisher, ring):
    assert await find(ring, "a") == "a"
    publisher.keys = ["a", "b"]
    publisher.now += 10.0
    assert await find(ring, "b") == "b"


async def test_nobody_makes_us_ask_often_by_naming_keys(publisher, ring):
    assert await find(ring, "a") == "a"
    publisher.now += 10.0
    for guess in range(100):
        assert await find(ring, f"guess {guess}") is None
    assert publisher.reads == 2
    publisher.now += 10.0
    assert await find(ring, "guess") is None
    assert publisher.reads == 3


async def test_old_keys_are_read_again_while_calls_go_on(publisher, ring):
    assert await find(ring, "a") == "a"
    publisher.now += 100.0
    publisher.answering.clear()
    assert await find(ring, "a") == "a"
    await publisher.reads_are(2)
    publisher.keys = ["b"]
    publisher.answering.set()
    async with fail_after(5.0):
        while await find(ring, "b") is None:
            await asyncio.sleep(0)
    assert await find(ring, "a") is None
    assert publisher.reads == 2


async def test_a_publisher_that_is_away_changes_nothing(publisher, ring):
    assert await find(ring, "a") == "a"
    publisher.away = True
    publisher.now += 1000.0
    assert await find(ring, "a") == "a"
    await publisher.reads_are(2)
    assert await find(ring, "a") == "a"
    assert await find(ring, "b") is None


async def test_before_any_key_is_known_nobody_can_be_judged(publisher, ring):
    publisher.away = True
    for _ in range(3):
        with pytest.raises(Unavailable, match="not known yet"):
            await find(ring, "a")
    assert publisher.reads == 1
    publisher.away = False
    publisher.now += 10.0
    assert await find(ring, "a") == "a"


async def test_a_key_that_is_not_the_only_one_to_fit_is_none(publisher, ring):
    publisher.keys = ["a", "a"]
    assert await find(ring, "a") is None


async def test_a_caller_that_leaves_ends_nobody_elses_reading(publisher, ring):
    publisher.answering.clear()
    first, second = asyncio.create_task(find(ring, "a")), asyncio.create_task(find(ring, "a"))
    await publisher.reads_are(1)
    first.cancel()
    await asyncio.wait([first])
    publisher.answering.set()
    async with fail_after(5.0):
        assert await second == "a"
