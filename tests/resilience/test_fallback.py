"""Something instead of a reply."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec import Struct

from kitfox import Service, rpc
from kitfox.core import Code, NotFound, Through, Unavailable, Unreachable
from kitfox.resilience import fallback
from kitfox.scope import fail_after
from kitfox.testing import virtual_time
from kitfox.transports.memory import Memory


class User(Struct):
    """Who may log in."""

    id: int
    name: str


class Users(Service):
    """A service that can be away, or never answer."""

    def __init__(self):
        self.error = Unavailable("away")
        self.go = asyncio.Event()
        self.go.set()

    async def fail(self):
        await self.go.wait()
        raise self.error

    @rpc(idempotent=True)
    async def get(self, id: int) -> User:
        await self.fail()
        return User(id, "Ada")

    @rpc
    async def count(self) -> int:
        await self.fail()
        return 1

    @rpc
    async def touch(self, id: int) -> None:
        await self.fail()

    @rpc
    async def watch(self) -> AsyncIterator[User]:
        yield User(1, "Ada")


@asynccontextmanager
async def served():
    """Make clients of a service, with fallbacks before it; it is `make.service`."""
    service, memory = Users(), Memory()

    def make(*fallbacks, **options):
        return Users.client(Through(memory, *fallbacks), **options)

    make.service = service
    async with fail_after(10), memory.listen(service.routes()):
        yield make


@pytest.fixture
async def users():
    async with served() as make:
        yield make


async def test_a_value_stands_in_for_the_reply(users):
    nobody = User(0, "nobody")
    assert await users(fallback(Users.get, nobody)).get(1) == nobody


async def test_a_value_that_is_no_message_travels_as_one(users):
    client = users(fallback(Users.count, 7), fallback(Users.touch, None))
    assert await client.count() == 7
    assert await client.touch(1) is None


async def test_a_function_is_told_the_request_and_the_error(users):
    def guess(request, error):
        return User(request.id, str(error))

    assert await users(fallback(Users.get, guess)).get(3) == User(3, "away")


async def test_a_function_may_be_asynchronous_and_raise_the_error_after_all(users):
    async def cached(request, error):
        await asyncio.sleep(0)
        if request.id == 1:
            return User(1, "cached")
        raise error

    client = users(fallback(Users.get, cached))
    assert await client.get(1) == User(1, "cached")
    with pytest.raises(Unavailable, match="away"):
        await client.get(2)


async def test_what_was_answered_is_not_replaced(users):
    users.service.error = NotFound("no user")
    with pytest.raises(NotFound):
        await users(fallback(Users.get, User(0, "nobody"))).get(1)
    client = users(fallback(Users.get, User(0, "nobody"), codes={Code.NOT_FOUND}))
    assert await client.get(1) == User(0, "nobody")


async def test_other_methods_pass(users):
    with pytest.raises(Unavailable):
        await users(fallback(Users.get, User(0, "nobody"))).count()


@virtual_time
async def test_a_reply_that_does_not_come_in_time_is_replaced():
    nobody = User(0, "nobody")
    async with served() as users:
        users.service.go.clear()
        assert await users(fallback(Users.get, nobody), timeout=2.0).get(1) == nobody
    assert asyncio.get_running_loop().time() < 2.0
    assert asyncio.current_task().cancelling() == 0


@virtual_time
async def test_a_function_that_waits_has_until_the_deadline_and_no_longer():
    async def waits(request, error):
        await asyncio.sleep(3600.0)

    async with served() as users:
        users.service.go.clear()
        with pytest.raises(TimeoutError):
            await users(fallback(Users.get, waits), timeout=2.0).get(1)
    assert asyncio.get_running_loop().time() == pytest.approx(2.0, abs=0.01)
    assert asyncio.current_task().cancelling() == 0


async def test_a_caller_that_gives_up_gets_nothing_instead(users):
    users.service.go.clear()
    task = asyncio.create_task(users(fallback(Users.get, User(0, "nobody"))).get(1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nobody_at_all_is_away_too():
    client = Users.client(Through(Memory(), fallback(Users.count, 0)))
    assert await client.count() == 0
    with pytest.raises(Unreachable):
        await client.touch(1)


def test_a_stream_has_no_one_value_to_fall_back_on():
    with pytest.raises(TypeError, match="streams its replies"):
        fallback(Users.watch, User(0, "nobody"))
    with pytest.raises(TypeError, match="not marked with @rpc"):
        fallback(User, User(0, "nobody"))
