"""The caller's side of streamed replies, without a wire."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from kitfox import Cancelled, NotFound, ReplyStream


class Source:
    """A call that sends some items and then waits, fails or ends; it says what became of it."""

    def __init__(self, items, then=None):
        self.items, self.then = items, then
        self.started = self.sent = 0
        self.ended = asyncio.Event()

    async def run(self, send):
        self.started += 1
        try:
            for item in self.items:
                await send(item)
                self.sent += 1
            if self.then is not None:
                await self.then()
        finally:
            self.ended.set()

    def stream(self):
        return ReplyStream(self.run, lambda item: item * 10)


async def hang():
    await asyncio.Event().wait()


async def fail():
    raise NotFound("no more")


async def turns(count=10):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_items_come_unwrapped_and_in_order():
    assert [item async for item in Source([1, 2, 3]).stream()] == [10, 20, 30]


async def test_the_call_starts_with_the_first_item_asked_for_and_only_once():
    source = Source([1, 2])
    stream = source.stream()
    await turns()
    assert source.started == 0
    assert [item async for item in stream] == [10, 20]
    assert [item async for item in stream] == []
    assert source.started == 1


async def test_the_call_is_at_most_one_item_ahead_of_its_reader():
    source = Source(range(10))
    async with source.stream() as stream:
        assert await anext(stream) == 0
        await turns()
        assert source.sent == 2


async def test_what_the_call_raises_comes_after_its_items_and_stays():
    stream = Source([1], fail).stream()
    assert await anext(stream) == 10
    for _ in range(2):
        with pytest.raises(NotFound, match="no more"):
            await anext(stream)


async def test_a_closed_stream_has_no_further_item_though_one_was_ready():
    source = Source([1, 2, 3], hang)
    stream = source.stream()
    assert await anext(stream) == 10
    await turns()
    await stream.aclose()
    assert source.ended.is_set()
    assert [item async for item in stream] == []


async def test_closing_frees_a_reader_that_waits():
    stream = Source([], hang).stream()
    reader = asyncio.create_task(anext(stream, "the end"))
    await turns()
    await stream.aclose()
    assert await reader == "the end"


async def test_a_stream_closed_before_its_start_never_starts():
    source = Source([1])
    stream = source.stream()
    await stream.aclose()
    assert [item async for item in stream] == []
    assert source.started == 0


async def test_a_cancelled_read_ends_the_call_and_reading_on_says_so():
    source = Source([], hang)
    stream = source.stream()
    reader = asyncio.create_task(anext(stream))
    await turns()
    reader.cancel()
    await source.ended.wait()
    with pytest.raises(Cancelled, match="gave up"):
        await anext(stream)


async def test_a_forgotten_stream_ends_its_call():
    source = Source([1, 2], hang)
    stream = source.stream()
    assert await anext(stream) == 10
    del stream
    gc.collect()
    await source.ended.wait()


async def test_a_forgotten_stream_that_never_started_leaves_nothing():
    source = Source([1])
    source.stream()
    gc.collect()
    await turns()
    assert source.started == 0


def test_a_stream_forgotten_after_its_loop_is_harmless():
    async def leave_behind():
        stream = Source([1, 2], hang).stream()
        await anext(stream)
        return stream

    stream = asyncio.run(leave_behind())
    del stream
    gc.collect()


async def test_a_stream_is_closed_wherever_a_generator_would_be():
    source = Source([1], hang)
    stream = source.stream()
    assert isinstance(stream, AsyncGenerator)
    async with aclosing(stream):
        assert await stream.asend(None) == 10
    assert source.ended.is_set()


@pytest.mark.parametrize("thrown", [(LookupError("x"),), (LookupError,), (LookupError, KeyError())])
async def test_what_is_thrown_into_a_stream_ends_its_call_and_comes_back(thrown):
    source = Source([1], hang)
    stream = source.stream()
    await anext(stream)
    with pytest.raises(LookupError):
        await stream.athrow(*thrown)
    assert source.ended.is_set()
    assert [item async for item in stream] == []


async def test_leaving_the_block_by_an_error_closes_too():
    source = Source([1], hang)
    with pytest.raises(LookupError):
        async with source.stream() as stream:
            await anext(stream)
            raise LookupError
    assert source.ended.is_set()
