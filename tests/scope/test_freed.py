"""Scopes that are free of where they were made, and tasks that run in a scope of their own."""

import asyncio
from contextvars import ContextVar

import pytest

from kitfox.scope import (
    Key,
    ScopeCancelled,
    ScopeTimeout,
    background,
    current_deadline,
    current_scope,
    fail_after,
)

FOREVER = 3600.0
USER = Key[str]("user")


async def hang():
    await asyncio.Event().wait()


async def let_the_loop_turn():
    await asyncio.sleep(0)


async def whose():
    return current_scope().value(USER)


async def test_a_freed_scope_cannot_free_a_block_within_another():
    watched = background().with_cancel()
    freed = watched.without_cancel()
    for around in (fail_after(FOREVER), watched, current_scope().with_value(USER, "ada")):
        async with around:
            for each in (freed, freed.with_timeout(FOREVER), current_scope().without_cancel()):
                with pytest.raises(RuntimeError, match="a task of its own"):
                    await each.__aenter__()
            assert current_deadline() == getattr(around, "deadline", None)


async def test_a_freed_scope_cannot_free_a_task_of_what_it_inherits():
    async with fail_after(FOREVER):
        freed = current_scope().without_cancel()
        inheriting = asyncio.create_task(freed.__aenter__())
    with pytest.raises(RuntimeError, match="a task of its own"):
        await inheriting


async def test_where_nothing_is_in_force_a_freed_scope_has_blocks_and_those_have_others():
    freed = current_scope().with_value(USER, "ada").without_cancel()
    async with freed, fail_after(FOREVER), freed.with_timeout(1):
        assert await whose() == "ada"
        assert current_deadline().remaining() <= 1


async def test_what_is_started_in_a_freed_scope_outlives_what_it_was_started_in():
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def audit(order, *, by):
        begun.set()
        await go_on.wait()
        return order, by, current_deadline(), current_scope().err, await whose()

    async def serve():
        async with fail_after(FOREVER), current_scope().with_value(USER, "ada"):
            started.append(current_scope().without_cancel().start(audit, 7, by="bob"))
            await hang()

    started = []
    serving = asyncio.create_task(serve())
    await let_the_loop_turn()
    await begun.wait()
    serving.cancel()
    await asyncio.wait([serving])
    go_on.set()
    assert await started[0] == (7, "bob", None, None, "ada")


async def test_what_is_started_in_a_scope_ends_with_it_and_says_why():
    scope = background().with_cancel()
    task = scope.start(hang)
    await let_the_loop_turn()
    scope.cancel(why := LookupError("enough"))
    with pytest.raises(ScopeCancelled) as caught:
        await task
    assert caught.value.__cause__ is why


async def test_what_is_started_in_a_scope_has_the_context_of_where_it_was_started():
    name = ContextVar("name")
    name.set("ada")

    async def look():
        return name.get()

    async with fail_after(FOREVER):
        assert await background().start(look) == "ada"


async def test_a_freed_scope_may_have_a_deadline_of_its_own():
    async with fail_after(FOREVER):
        bounded = current_scope().without_cancel().with_timeout(0.01)
        with pytest.raises(ScopeTimeout):
            await bounded.start(hang)
