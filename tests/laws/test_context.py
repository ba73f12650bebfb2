"""A handler knows which call it serves, and nothing else of its caller; and the other way round."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest

from kitfox import Kind, Service, current_call, current_deadline, fail_after, methods_of, rpc

mood = ContextVar("mood", default="calm")


class Guest(Service, name="laws.Guest"):
    def __init__(self):
        self.self_client = None

    @rpc
    async def feel(self, mine: str) -> str:
        before = mood.get()
        mood.set(mine)
        return before

    @rpc
    async def feel_again(self, mine: str) -> AsyncIterator[str]:
        yield mood.get()
        mood.set(mine)
        yield mood.get()

    @rpc
    async def which(self) -> list[str]:
        call = current_call()
        assert call.method is methods_of(Guest)["which"]
        return [call.method.path, call.peer]

    @rpc
    async def time_left(self) -> float | None:
        deadline = current_deadline()
        return None if deadline is None else deadline.remaining()

    @rpc
    async def which_in_a_child(self) -> str:
        return await asyncio.create_task(self._path())

    async def _path(self):
        return current_call().method.path

    @rpc
    async def count_down(self, number: int) -> int:
        """Call oneself over the same wire, and find one's own call unchanged afterwards."""
        before = current_call()
        depth = 1 + await self.self_client.count_down(number - 1) if number else 0
        assert current_call() is before
        return depth

    @rpc
    async def stream_down(self, number: int) -> AsyncIterator[int]:
        yield number
        if number:
            async for lower in self.self_client.stream_down(number - 1):
                yield lower


@pytest.fixture
def guest():
    return Guest()


async def test_a_handler_knows_its_call(serve, guest):
    async with serve(guest) as connection:
        path, peer = await Guest.client(connection).which()
        assert path == "/laws.Guest/Which"
        assert peer
        assert await Guest.client(connection).which_in_a_child() == "/laws.Guest/WhichInAChild"


async def test_a_caller_is_in_no_call(serve, guest):
    async with serve(guest) as connection:
        await Guest.client(connection).which()
        with pytest.raises(LookupError, match="no call is being served here"):
            current_call()


async def test_nothing_leaks_from_caller_to_handler_nor_back(serve, guest):
    mood.set("curious")
    async with serve(guest) as connection:
        client = Guest.client(connection)
        assert await client.feel("cross") == "calm"
        assert mood.get() == "curious"


async def test_nothing_leaks_from_one_call_to_the_next(serve, guest):
    async with serve(guest) as connection:
        client = Guest.client(connection)
        assert [await client.feel("cross") for _ in range(3)] == ["calm"] * 3


async def test_nothing_leaks_from_who_started_the_server(serve, guest):
    """Least of all a deadline, which would bind every call that ever comes."""
    started, over = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def hasty_start():
        mood.set("hasty")
        async with fail_after(60), serve(guest) as connection:
            started.set_result(connection)
            await over.wait()

    server = asyncio.create_task(hasty_start())
    client = Guest.client(await started)
    try:
        assert await client.feel("cross") == "calm"
        assert await client.time_left() is None
    finally:
        over.set()
        await server


async def test_a_callers_deadline_ends_with_its_call(serve, guest):
    async with serve(guest) as connection:
        async with fail_after(60):
            await Guest.client(connection).which()
            assert current_deadline() is not None
        assert current_deadline() is None


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_nothing_leaks_from_a_stream(serve, guest):
    mood.set("curious")
    async with serve(guest) as connection:
        moods = [seen async for seen in Guest.client(connection).feel_again("cross")]
    assert moods == ["calm", "cross"]
    assert mood.get() == "curious"


async def test_a_service_may_call_itself(serve, guest):
    async with serve(guest) as connection:
        guest.self_client = Guest.client(connection)
        assert await guest.self_client.count_down(5) == 5


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_stream_may_pass_through_itself(serve, guest):
    async with serve(guest) as connection:
        guest.self_client = Guest.client(connection)
        assert [n async for n in guest.self_client.stream_down(4)] == [4, 3, 2, 1, 0]
