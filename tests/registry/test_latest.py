import asyncio

import pytest

from kitfox.core import ResourceExhausted
from kitfox.registry import Latest, Watchers
from kitfox.scope import fail_after


async def test_a_follower_sees_the_value_at_once_and_then_each_change():
    latest = Latest(1)
    changes = aiter(latest)
    async with fail_after(5):
        assert await anext(changes) == 1
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        latest.set(2)
        assert await waiting == 2


async def test_a_slow_follower_sees_only_the_newest():
    latest = Latest(0)
    changes = aiter(latest)
    async with fail_after(5):
        await anext(changes)
        for value in range(1, 1_000):
            latest.set(value)
        assert await anext(changes) == 999


async def test_a_cancelled_wait_loses_no_change():
    latest = Latest(1)
    changes = aiter(latest)
    async with fail_after(5):
        await anext(changes)
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        latest.set(2)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await anext(changes) == 2


async def test_one_change_wakes_all_followers():
    latest = Latest(0)
    followers = [aiter(latest) for _ in range(100)]
    async with fail_after(5):
        for follower in followers:
            await anext(follower)
        waiting = [asyncio.ensure_future(anext(follower)) for follower in followers]
        await asyncio.sleep(0)
        latest.set(1)
        assert await asyncio.gather(*waiting) == [1] * 100


def test_a_name_costs_nothing_once_nobody_follows_it():
    watchers = Watchers[int](limit=10)
    with watchers.join("a", 1), watchers.join("a", 1):
        assert "a" in watchers
        assert len(watchers) == 2
    assert "a" not in watchers
    assert len(watchers) == 0


def test_followers_of_one_name_share_its_value():
    watchers = Watchers[int](limit=10)
    with watchers.join("a", 1) as first:
        watchers.set("a", 2)
        watchers.set("b", 3)
        with watchers.join("a", 2) as second:
            assert second is first
            assert second.value == 2


def test_too_many_watchers_are_refused():
    watchers = Watchers[int](limit=1)
    with (
        watchers.join("a", 1),
        pytest.raises(ResourceExhausted, match="1 watchers"),
        watchers.join("b", 1),
    ):
        pass
    assert "b" not in watchers
