"""A handler runs in a scope: it ends when the caller leaves, when time is up, and with the call."""

import asyncio

import pytest

from kitfox import Cancelled, DeadlineExceeded, Service, rpc
from kitfox.scope import (
    Key,
    ScopeCancelled,
    ScopeTimeout,
    current_scope,
    to_thread,
)

USER = Key[str]("user")
LONG = 10.0  # seconds that a thread waits at most


class Desk(Service, name="laws.Desk"):
    def __init__(self):
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self.scope = self.seen = self.straggler = None

    def _begin(self):
        self.scope = current_scope()
        self.started.set()

    @rpc
    async def wait(self) -> None:
        """Look at the scope only when the cancellation has come, and go on for a moment."""
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.seen = current_scope().err, current_scope().cause
            self.ended.set()
            raise

    @rpc
    async def wait_in_a_thread(self) -> None:
        """Wait in a thread that looks at the call's own scope: it cannot hear of it otherwise."""
        self._begin()
        try:
            await to_thread(self._block, self.scope)
        finally:
            self.ended.set()

    def _block(self, scope):
        self.seen = scope.done.wait(LONG)

    @rpc
    async def leave_a_task_behind(self) -> str:
        self._begin()
        self.straggler = asyncio.create_task(self._straggle())
        return current_scope().value(USER, "nobody")

    async def _straggle(self):
        await current_scope().done
        return current_scope().err


@pytest.fixture
def desk():
    return Desk()


async def leave(call):
    call.cancel()
    await asyncio.wait([call])


async def test_a_callers_leaving_is_what_ended_the_handlers_scope(serve, desk):
    async with serve(desk) as connection:
        call = asyncio.create_task(Desk.client(connection).wait())
        await desk.started.wait()
        await leave(call)
        await desk.ended.wait()
    err, cause = desk.seen
    assert isinstance(err, ScopeCancelled)
    assert isinstance(cause, Cancelled)


async def test_a_thread_of_a_handler_hears_that_the_caller_has_left(serve, desk):
    async with serve(desk) as connection:
        call = asyncio.create_task(Desk.client(connection).wait_in_a_thread())
        await desk.started.wait()
        await leave(call)
        await desk.ended.wait()
    assert desk.seen is True
    assert isinstance(desk.scope.cause, Cancelled)


async def test_a_thread_of_a_handler_hears_that_its_time_is_up(serve, desk):
    async with serve(desk) as connection:
        with pytest.raises(DeadlineExceeded):
            await Desk.client(connection, timeout=0.2).wait_in_a_thread()
        await desk.ended.wait()
    assert desk.seen is True
    assert isinstance(desk.scope.err, ScopeTimeout | ScopeCancelled)


async def test_a_handlers_scope_ends_with_its_call_and_knows_no_values_of_its_caller(serve, desk):
    async with serve(desk) as connection, current_scope().with_value(USER, "ada"):
        assert await Desk.client(connection).leave_a_task_behind() == "nobody"
        assert isinstance(await desk.straggler, ScopeCancelled)
        assert desk.scope.done
        assert current_scope().err is None
