"""One limit for many processes, kept by a real Valkey; without it each limits for itself."""

import asyncio
import logging
from functools import partial
from math import inf

import pytest
from redis.asyncio import Redis

from kitfox import fail_after
from kitfox.resilience import GCRA, SlidingWindow
from kitfox.resilience.redis import SharedLimiter
from valkey_server import ValkeyServer

pytestmark = pytest.mark.xdist_group("valkey")

POLICIES = {
    "gcra": lambda: GCRA(rate=0.01, burst=5),
    "window": lambda: SlidingWindow(5, per=1000.0),
}
# On a busy machine, a store that is there must not pass for one that is away.
Shared = partial(SharedLimiter, patience=5.0)
policies = pytest.mark.parametrize("make", POLICIES.values(), ids=POLICIES.keys())


@pytest.fixture(scope="module")
def valkey():
    server = ValkeyServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture
def mortal():
    """Run a Valkey that the test may kill and start again."""
    server = ValkeyServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(autouse=True)
def empty(request):
    if "valkey" in request.fixturenames:
        request.getfixturevalue("valkey").ask(b"FLUSHALL")


@policies
async def test_processes_share_a_limit(valkey, make):
    one, other = (
        Shared(valkey.url, make),
        Shared(valkey.url, make),
    )
    async with one, other, fail_after(10.0):
        decisions = [await limiter.take("ada", 1, 0.0) for limiter in [one, other] * 3]
        assert [decision.allowed for decision in decisions] == [True] * 5 + [False]
        assert [decision.remaining for decision in decisions] == [4, 3, 2, 1, 0, 0]
        assert decisions[-1].retry_after > 1.0
        assert (await other.take("bob", 1, 0.0)).allowed
        assert not one.away


@policies
async def test_of_many_at_once_no_more_are_allowed_than_the_limit(valkey, make):
    async with (
        Shared(valkey.url, make) as one,
        Shared(valkey.url, make) as other,
    ):
        async with fail_after(10.0):
            takes = [limiter.take("ada", 1, 0.0) for limiter in [one, other] * 50]
            decisions = await asyncio.gather(*takes)
        assert sum(decision.allowed for decision in decisions) == 5
        assert [one.away, other.away] == [False, False]


@policies
async def test_it_decides_as_the_limiter_of_one_process_does(valkey, make):
    local = make()
    async with Shared(valkey.url, make) as shared, fail_after(10.0):
        for n in (2, 6, 1, 3, 2, 1):
            here, there = local.take("", n, 1000.0), await shared.take("", n, 0.0)
            assert there[:4] == here[:4]
            # the store's clock goes on meanwhile, and its windows began at another time
            assert (there.retry_after == inf) == (here.retry_after == inf)
            assert (there.retry_after > 0) == (here.retry_after > 0)


async def test_what_is_used_up_comes_back_by_the_stores_clock(valkey):
    shared = Shared(valkey.url, lambda: GCRA(rate=20.0, burst=1))
    async with shared as limiter, fail_after(10.0):
        assert (await limiter.take("ada", 1, 0.0)).allowed
        while not (await limiter.take("ada", 1, 0.0)).allowed:
            await asyncio.sleep(0.005)


async def test_windows_pass_by_the_stores_clock(valkey):
    shared = Shared(valkey.url, lambda: SlidingWindow(1, per=0.1))
    async with shared as limiter, fail_after(10.0):
        assert (await limiter.take("ada", 1, 0.0)).allowed
        while not (await limiter.take("ada", 1, 0.0)).allowed:
            await asyncio.sleep(0.005)


@policies
async def test_nothing_stays_in_the_store_for_ever(valkey, make):
    async with (
        Shared(valkey.url, make, name="mine") as limiter,
        fail_after(10.0),
    ):
        await limiter.take("ada", 1, 0.0)
        async with Redis.from_url(valkey.url) as client:
            (key,) = await client.keys()
            assert key.startswith(b"kitfox:limit:mine:")
            assert await client.pttl(key) > 0


async def test_limits_of_other_names_are_other_limits(valkey):
    make = POLICIES["gcra"]
    async with (
        fail_after(10.0),
        Shared(valkey.url, make, name="calls") as calls,
    ):
        await calls.take("ada", 5, 0.0)
        async with Shared(valkey.url, make, name="logins") as logins:
            assert (await logins.take("ada", 5, 0.0)).allowed


async def test_a_client_of_ones_own_is_not_closed(valkey):
    async with Redis.from_url(valkey.url) as client, fail_after(10.0):
        async with Shared(client, POLICIES["gcra"]) as limiter:
            assert (await limiter.take("ada", 1, 0.0)).allowed
        assert await client.ping()


async def test_a_connection_that_the_server_has_closed_is_not_used_again(valkey):
    async with (
        Shared(valkey.url, POLICIES["gcra"]) as limiter,
        fail_after(10.0),
    ):
        for left in (4, 3, 2, 1):
            assert (await limiter.take("ada", 1, 0.0)).remaining == left
            valkey.ask(b"CLIENT KILL TYPE normal SKIPME yes")
            await asyncio.sleep(0.01)  # the loop hears of it
            assert not limiter.away


async def test_while_the_store_is_away_each_process_limits_for_itself_and_then_no_more(
    mortal, caplog
):
    caplog.set_level(logging.INFO, "kitfox.limits")
    make = POLICIES["gcra"]
    async with (
        Shared(mortal.url, make, pause=1.0) as limiter,
        fail_after(20.0),
    ):
        await limiter.take("ada", 5, 0.0)
        mortal.kill()
        here = [await limiter.take("ada", 1, 10.0) for _ in range(6)]
        assert [decision.allowed for decision in here] == [True] * 5 + [False]
        assert limiter.away
        mortal.start()
        assert not (await limiter.take("ada", 1, 10.5)).allowed  # it is not asked so soon
        assert limiter.away
        assert (await limiter.take("ada", 1, 11.5)).allowed  # the store knows nothing of before
        assert not limiter.away
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_one_call_asks_whether_the_store_is_back(mortal):
    async with (
        Shared(mortal.url, POLICIES["gcra"]) as limiter,
        fail_after(20.0),
    ):
        mortal.kill()
        await limiter.take("ada", 1, 10.0)
        mortal.start()
        asking = asyncio.create_task(limiter.take("bob", 1, 12.0))
        await asyncio.sleep(0)
        here = await limiter.take("ada", 1, 12.0)
        assert here.remaining == 3  # it is told by this process, which has seen two
        assert (await asking).allowed
        assert not limiter.away


async def test_a_store_that_does_not_answer_is_waited_for_no_longer_than_told():
    silent = asyncio.Event()

    async def accept(reader, writer):
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"redis://127.0.0.1:{port}"
    async with Shared(url, POLICIES["gcra"], patience=0.05) as limiter, fail_after(10.0):
        assert (await limiter.take("ada", 1, 0.0)).allowed
        assert limiter.away
        silent.set()
    server.close()
    await server.wait_closed()


async def test_another_limiter_may_stand_in():
    alone = GCRA(rate=1.0, burst=1)
    async with (
        Shared("redis://127.0.0.1:1", POLICIES["gcra"], alone=alone) as limiter,
        fail_after(10.0),
    ):
        assert (await limiter.take("ada", 1, 10.0)).limit == 1
        assert not (await limiter.take("bob", 1, 10.0)).allowed


async def test_a_caller_that_gives_up_is_not_the_stores_fault(valkey):
    async with (
        Shared(valkey.url, POLICIES["gcra"]) as limiter,
        fail_after(10.0),
    ):
        asking = asyncio.create_task(limiter.take("ada", 1, 0.0))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not limiter.away
        assert (await limiter.take("ada", 1, 0.0)).allowed
