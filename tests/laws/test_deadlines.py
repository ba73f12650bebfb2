"""A deadline holds at both ends, and what is left of it travels on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kitfox import (
    Deadline,
    DeadlineExceeded,
    Kind,
    Service,
    current_call,
    current_deadline,
    fail_after,
    rpc,
)


class Sleeper(Service, name="laws.Sleeper"):
    def __init__(self):
        self.calls = 0
        self.cancelled = asyncio.Event()
        self.morning = asyncio.Event()

    @rpc
    async def sleep(self) -> None:
        self.calls += 1
        try:
            await self.morning.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    @rpc
    async def sleep_through_everything(self) -> None:
        while not self.morning.is_set():
            try:
                await self.morning.wait()
            except asyncio.CancelledError:
                self.cancelled.set()

    @rpc
    async def dream(self) -> AsyncIterator[int]:
        try:
            yield 1
            await self.morning.wait()
        finally:
            self.cancelled.set()

    @rpc
    async def count_sheep(self, sheep: AsyncIterator[int]) -> int:
        try:
            return sum([one async for one in sheep])
        finally:
            self.cancelled.set()

    @rpc
    async def time_left(self) -> float | None:
        deadline = current_deadline()
        assert current_call().deadline == deadline
        return None if deadline is None else deadline.remaining()


class Relay(Service, name="laws.Relay"):
    """Asks the sleeper, over the same wire."""

    def __init__(self):
        self.sleeper = None

    @rpc
    async def time_left(self) -> float | None:
        return await self.sleeper.time_left()

    @rpc
    async def time_left_within(self, seconds: float) -> float | None:
        async with fail_after(seconds):
            return await self.sleeper.time_left()


@pytest.fixture
async def sleeper():
    """Give a sleeper that wakes up when the test is over, so that every server can stop."""
    sleeper = Sleeper()
    yield sleeper
    sleeper.morning.set()


async def test_a_call_without_a_deadline_has_none_at_the_far_end(serve, sleeper):
    async with serve(sleeper) as connection:
        assert await Sleeper.client(connection).time_left() is None


async def test_the_far_end_knows_how_much_time_is_left(serve, sleeper):
    async with serve(sleeper) as connection:
        async with fail_after(60):
            left = await Sleeper.client(connection).time_left()
        assert 50 < left <= 60.1


async def test_the_earlier_of_timeout_and_deadline_in_force_counts(serve, sleeper):
    async with serve(sleeper) as connection, fail_after(60):
        assert await Sleeper.client(connection, timeout=30).time_left() <= 30.1
        assert await Sleeper.client(connection, timeout=90).time_left() <= 60.1


async def test_the_caller_hears_in_time_and_the_handler_is_cancelled(serve, sleeper):
    async with serve(sleeper) as connection:
        with pytest.raises(DeadlineExceeded):
            await Sleeper.client(connection, timeout=0.5).sleep()
        await sleeper.cancelled.wait()


async def test_a_block_that_times_out_around_a_call_says_so(serve, sleeper):
    async with serve(sleeper) as connection:
        with pytest.raises(TimeoutError):
            async with fail_after(0.5):
                await Sleeper.client(connection).sleep()
        await sleeper.cancelled.wait()


async def test_a_server_that_does_not_let_go_cannot_hold_its_caller(serve, sleeper):
    async with serve(sleeper) as connection:
        with pytest.raises(DeadlineExceeded):
            await Sleeper.client(connection, timeout=0.5).sleep_through_everything()
        await sleeper.cancelled.wait()
        sleeper.morning.set()


async def test_a_server_ends_a_call_in_time_though_its_caller_waits_on(serve, sleeper, raw_call):
    async with serve(sleeper) as connection:
        with pytest.raises(DeadlineExceeded):
            await raw_call(connection, Sleeper, "sleep", deadline=Deadline.after(0.5))
        await sleeper.cancelled.wait()


async def test_an_expired_call_is_never_sent(serve, sleeper):
    async with serve(sleeper) as connection:
        for timeout in (0.0, -1.0):
            with pytest.raises(DeadlineExceeded):
                await Sleeper.client(connection, timeout=timeout).sleep()
        with pytest.raises(TimeoutError):
            async with fail_after(0):
                await Sleeper.client(connection).sleep()
        assert await Sleeper.client(connection).time_left() is None
    assert sleeper.calls == 0


async def test_a_call_that_expired_does_not_disturb_the_next(serve, sleeper):
    async with serve(sleeper) as connection:
        client = Sleeper.client(connection)
        impatient = Sleeper.client(connection, timeout=0.02)
        await client.time_left()  # connected: who may not even connect in time reaches nobody
        for _ in range(5):
            with pytest.raises(DeadlineExceeded):
                await impatient.sleep()
            assert await client.time_left() is None


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_deadline_covers_a_whole_stream(serve, sleeper):
    async with serve(sleeper) as connection:
        dream = Sleeper.client(connection, timeout=0.3).dream()
        assert await anext(dream) == 1
        with pytest.raises(DeadlineExceeded):
            await anext(dream)
        await sleeper.cancelled.wait()


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_a_deadline_covers_the_sending_of_requests(serve, sleeper):
    closed = asyncio.Event()

    async def one_and_then_none():
        try:
            yield 1
            await sleeper.morning.wait()
        finally:
            closed.set()

    async with serve(sleeper) as connection:
        with pytest.raises(DeadlineExceeded):
            await Sleeper.client(connection, timeout=0.3).count_sheep(one_and_then_none())
        await closed.wait()
        await sleeper.cancelled.wait()


async def test_a_handlers_own_calls_inherit_the_time_left(serve, sleeper):
    relay = Relay()
    async with serve(sleeper) as onward, serve(relay) as connection:
        relay.sleeper = Sleeper.client(onward)
        client = Relay.client(connection, timeout=60)
        assert 50 < await client.time_left() <= 60.1
        assert await client.time_left_within(5) <= 5.1
        assert 50 < await client.time_left_within(600) <= 60.1


async def test_the_handlers_own_timeout_is_not_the_callers_deadline(serve, sleeper, caplog):
    """What ran out was a limit of the handler's, which is no business of the caller's."""

    class Hasty(Service, name="laws.Hasty"):
        @rpc
        async def wait(self) -> None:
            async with fail_after(0.01):
                await sleeper.morning.wait()

    async with serve(Hasty()) as connection:
        with pytest.raises(Exception, match="internal error") as caught:
            await Hasty.client(connection, timeout=60).wait()
    assert not isinstance(caught.value, TimeoutError)
    assert "TimeoutError" in caplog.text
