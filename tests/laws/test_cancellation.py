"""Who gives up ends the call at both ends, however he gives up."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from kitfox import Cancelled, Kind, RPCError, Service, fail_after, rpc


class Worker(Service, name="laws.Worker"):
    """Works until it is told to stop, and says how it came to an end."""

    def __init__(self):
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self.finished = False

    async def _work(self):
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    @rpc
    async def work(self) -> None:
        await self._work()

    @rpc
    async def swallow_once(self) -> str:
        try:
            await self._work()
        except asyncio.CancelledError:
            self.finished = True
        return "went on"

    @rpc
    async def give_up(self) -> None:
        other = asyncio.ensure_future(self._work())
        asyncio.get_running_loop().call_soon(other.cancel)
        await other

    @rpc
    async def tick(self) -> AsyncIterator[int]:
        self.started.set()
        try:
            for number in range(1_000_000):
                yield number
        finally:
            self.ended.set()

    @rpc
    async def tick_once(self) -> AsyncIterator[int]:
        yield 0
        await self._work()

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        self.started.set()
        try:
            total = sum([number async for number in numbers])
            self.finished = True
            return total
        finally:
            self.ended.set()

    @rpc
    async def echo(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        try:
            async for number in numbers:
                yield number
            self.finished = True
        finally:
            self.ended.set()


@pytest.fixture
def worker():
    return Worker()


async def numbers(closed, count):
    """Give some numbers and then nothing more, without an end."""
    try:
        for number in range(count):
            yield number
        await asyncio.Event().wait()
    finally:
        closed.set()


async def read_three(stream):
    async for number in stream:
        if number == 2:
            break


async def cancel(task):
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_cancelling_the_caller_cancels_the_handler(serve, worker):
    async with serve(worker) as connection:
        call = asyncio.create_task(Worker.client(connection).work())
        await worker.started.wait()
        await cancel(call)
        await worker.ended.wait()


async def test_one_cancelled_call_leaves_its_neighbours_alone(serve, worker):
    neighbour = Worker()
    async with serve(worker) as connection, serve(neighbour) as other:
        stays = asyncio.create_task(Worker.client(other).work())
        call = asyncio.create_task(Worker.client(connection).work())
        await worker.started.wait()
        await neighbour.started.wait()
        await cancel(call)
        await worker.ended.wait()
        assert not neighbour.ended.is_set()
        await cancel(stays)


async def test_a_handler_that_swallows_its_cancellation_does_not_hold_the_caller(serve, worker):
    async with serve(worker) as connection:
        call = asyncio.create_task(Worker.client(connection).swallow_once())
        await worker.started.wait()
        await cancel(call)
        await worker.ended.wait()
    assert worker.finished


async def test_a_handler_that_is_cancelled_from_within_fails_its_call_only(serve, worker):
    async with serve(worker) as connection:
        with pytest.raises(Cancelled):
            await Worker.client(connection).give_up()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_cancelling_a_reader_cancels_the_handler_even_if_the_stream_is_kept(serve, worker):
    async with serve(worker) as connection:
        stream = Worker.client(connection).tick_once()
        assert await anext(stream) == 0
        with pytest.raises(TimeoutError):
            async with fail_after(0.05):
                await anext(stream)
        await worker.ended.wait()
        with pytest.raises(Cancelled):
            await anext(stream)


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_closing_a_stream_ends_the_handler(serve, worker):
    async with serve(worker) as connection:
        stream = Worker.client(connection).tick()
        assert await anext(stream) == 0
        await stream.aclose()
        await worker.ended.wait()
        assert [number async for number in stream] == []


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_closing_a_stream_twice_or_before_its_start_does_nothing(serve, worker):
    async with serve(worker) as connection:
        stream = Worker.client(connection).tick()
        await stream.aclose()
        await stream.aclose()
        assert [number async for number in stream] == []
    assert not worker.started.is_set()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_leaving_a_streams_block_ends_the_handler(serve, worker):
    async with serve(worker) as connection:
        async with Worker.client(connection).tick() as stream:
            await read_three(stream)
        await worker.ended.wait()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_aclosing_works_as_for_a_generator(serve, worker):
    async with serve(worker) as connection:
        async with aclosing(Worker.client(connection).tick()) as stream:
            assert await anext(stream) == 0
        await worker.ended.wait()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_forgetting_a_stream_ends_the_handler(serve, worker):
    async with serve(worker) as connection:
        await read_three(Worker.client(connection).tick())
        gc.collect()
        await worker.ended.wait()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_forgetting_a_stream_in_a_cycle_ends_the_handler_when_it_is_collected(serve, worker):
    async with serve(worker) as connection:
        cycle = [Worker.client(connection).tick()]
        cycle.append(cycle)
        assert await anext(cycle[0]) == 0
        del cycle
        gc.collect()
        await worker.ended.wait()


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_stream_that_ran_to_its_end_can_still_be_closed(serve, worker):
    class Short(Service, name="laws.Short"):
        @rpc
        async def one(self) -> AsyncIterator[int]:
            yield 1

    async with serve(Short()) as connection:
        stream = Short.client(connection).one()
        assert [number async for number in stream] == [1]
        await stream.aclose()


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_cancelling_a_sender_closes_its_iterator_and_cancels_the_handler(serve, worker):
    closed = asyncio.Event()
    async with serve(worker) as connection:
        call = asyncio.create_task(Worker.client(connection).total(numbers(closed, 3)))
        await worker.started.wait()
        await cancel(call)
        await closed.wait()
        await worker.ended.wait()
    assert not worker.finished


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_a_handler_never_takes_a_broken_stream_for_a_whole_one(serve, worker):
    async def broken():
        yield 1
        await worker.started.wait()
        raise LookupError

    async with serve(worker) as connection:
        with pytest.raises(LookupError):
            await Worker.client(connection).total(broken())
        await worker.ended.wait()
    assert not worker.finished


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_an_iterator_of_requests_that_is_cancelled_from_within_fails_the_call(serve, worker):
    async def cancelled():
        yield 1
        raise asyncio.CancelledError

    async with serve(worker) as connection:
        with pytest.raises((RPCError, asyncio.CancelledError)):
            await Worker.client(connection).total(cancelled())
    assert not worker.finished


@pytest.mark.carries(Kind.BIDI_STREAM)
async def test_closing_a_two_way_stream_closes_both_ends_of_both_ways(serve, worker):
    closed = asyncio.Event()
    async with serve(worker) as connection:
        async with Worker.client(connection).echo(numbers(closed, 3)) as stream:
            assert await anext(stream) == 0
        await closed.wait()
        await worker.ended.wait()
    assert not worker.finished


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_reply_passed_on_from_another_service_ends_with_its_reader(serve, worker):
    class Relay(Service, name="laws.Relay"):
        def __init__(self, onward):
            self.onward = onward

        @rpc
        def tick(self) -> AsyncIterator[int]:
            return self.onward.tick()

    async with serve(worker) as far, serve(Relay(Worker.client(far))) as near:
        async with Relay.client(near).tick() as stream:
            assert await anext(stream) == 0
        await worker.ended.wait()
