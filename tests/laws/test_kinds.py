"""A wire carries the kinds of method that it says it does, whole and in order."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kitfox import Kind, Service, Unimplemented, Unreachable, rpc
from sums import CALLS, Sums, collect, stream_of


class Silence(Service, name="laws.Silence"):
    def __init__(self):
        self.heard = 0

    @rpc
    async def hear(self) -> None:
        self.heard += 1

    @rpc
    async def maybe(self, word: str | None = None) -> str | None:
        return word

    @rpc
    async def sing(self, times: int) -> AsyncIterator[None]:
        for _ in range(times):
            yield

    @rpc
    async def listen(self, silences: AsyncIterator[None]) -> int:
        return len([silence async for silence in silences])


class LaterSilence(Service, name="laws.Silence"):
    @rpc
    async def shout(self) -> None:
        pass


@pytest.mark.parametrize("kind", Kind)
async def test_a_wire_carries_the_kinds_it_says_and_refuses_the_others(wire, kind, serve):
    make, answer = CALLS[kind]
    async with serve(Sums()) as connection:
        sums = Sums.client(connection)
        if kind in wire.kinds:
            assert await make(sums) == answer
        else:
            with pytest.raises(Unimplemented):
                await make(sums)


async def test_a_default_stands_in_for_an_argument(serve):
    async with serve(Sums()) as connection:
        assert await Sums.client(connection).add(41) == 42


async def test_a_method_that_its_service_lacks_is_unimplemented(serve):
    async with serve(Silence()) as connection:
        with pytest.raises(Unimplemented):
            await LaterSilence.client(connection).shout()


async def test_a_service_that_nobody_serves_is_unimplemented_or_cannot_be_reached(serve):
    """Where there is no server to say so, as with NATS, one may be about to come."""
    async with serve(Silence()) as connection:
        with pytest.raises((Unimplemented, Unreachable)):
            await Sums.client(connection).add(1)


async def test_nothing_travels_both_ways(serve):
    silence = Silence()
    async with serve(silence) as connection:
        assert await Silence.client(connection).hear() is None
    assert silence.heard == 1


async def test_null_is_not_nothing(serve):
    async with serve(Silence()) as connection:
        silence = Silence.client(connection)
        assert await silence.maybe() is None
        assert await silence.maybe("hm") == "hm"


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_an_empty_stream_of_replies_just_ends(serve):
    async with serve(Sums()) as connection:
        assert await collect(Sums.client(connection).count(0)) == []


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_replies_keep_their_order_and_number(serve):
    async with serve(Sums()) as connection:
        assert await collect(Sums.client(connection).count(500)) == list(range(500))


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_stream_of_nothings_has_a_length(serve):
    async with serve(Silence()) as connection:
        assert await collect(Silence.client(connection).sing(3)) == [None] * 3


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_an_empty_stream_of_requests_just_ends(serve):
    async with serve(Sums()) as connection:
        assert await Sums.client(connection).total(stream_of()) == 0


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_requests_keep_their_order_and_number(serve):
    async with serve(Sums()) as connection:
        assert await Sums.client(connection).total(stream_of(*range(500))) == sum(range(500))


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_a_handler_hears_nothings_too(serve):
    async with serve(Silence()) as connection:
        assert await Silence.client(connection).listen(stream_of(None, None)) == 2


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_a_handler_may_answer_before_the_requests_end(serve):
    closed = asyncio.Event()

    async def endless():
        try:
            while True:
                yield 7
        finally:
            closed.set()

    async with serve(Sums()) as connection:
        assert await Sums.client(connection).first(endless()) == 7
        await closed.wait()


@pytest.mark.carries(Kind.BIDI_STREAM)
async def test_a_handler_may_end_its_replies_before_the_requests_end(serve):
    class Taster(Service, name="laws.Taster"):
        @rpc
        async def taste(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
            async for number in numbers:
                yield number
                return

    async def endless():
        while True:
            yield 7

    async with serve(Taster()) as connection:
        for _ in range(20):
            assert await collect(Taster.client(connection).taste(endless())) == [7]


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_an_iterator_of_requests_that_fails_fails_its_call(serve):
    async def broken():
        yield 1
        raise LookupError("the caller's own")

    async with serve(Sums()) as connection:
        with pytest.raises(LookupError, match="the caller's own"):
            await Sums.client(connection).total(broken())


@pytest.mark.carries(Kind.BIDI_STREAM)
async def test_two_streams_may_wait_for_each_other(serve):
    answers = asyncio.Queue()

    async def each_after_the_last_answer():
        for number in (1, 2, 3):
            yield number
            assert await answers.get() > 0

    seen = []
    async with serve(Sums()) as connection:
        async for total in Sums.client(connection).totals(each_after_the_last_answer()):
            seen.append(total)
            answers.put_nowait(total)
    assert seen == [1, 3, 6]


@pytest.mark.carries(Kind.BIDI_STREAM)
async def test_two_empty_streams_just_end(serve):
    async with serve(Sums()) as connection:
        assert await collect(Sums.client(connection).totals(stream_of())) == []


async def test_a_thousand_calls_at_once_get_each_its_own_answer(serve):
    async with serve(Sums()) as connection:
        sums = Sums.client(connection)
        answers = await asyncio.gather(*(sums.add(number) for number in range(1000)))
    assert answers == list(range(1, 1001))


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_hundred_streams_at_once_do_not_mix(serve):
    async with serve(Sums()) as connection:
        sums = Sums.client(connection)
        answers = await asyncio.gather(*(collect(sums.count(size)) for size in range(100)))
    assert answers == [list(range(size)) for size in range(100)]
