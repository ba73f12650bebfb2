"""When a command is started, and when not."""

import asyncio
import time

import pytest

from kitfox.exec import PIPE, Command, ProgramNotFoundError, Starting
from kitfox.scope import (
    Deadline,
    ScopeCancelled,
    ScopeTimeout,
    background,
    deadline_scope,
    fail_after,
    move_on_after,
)

# Who so much as tries to start it gets ProgramNotFoundError.
TRAP = Command("no-such-program")


async def enter(command):
    async with command.start():
        pass


async def started(command):
    return await command.start()


WAYS = {
    "run": TRAP.run,
    "output": TRAP.output,
    "combined_output": TRAP.combined_output,
    "start": lambda: enter(TRAP),
    "await_start": lambda: started(TRAP),
    "pipeline_run": (TRAP | TRAP).run,
    "pipeline_output": (TRAP | TRAP).output,
    "pipeline_start": lambda: enter(TRAP | TRAP),
}


@pytest.fixture(params=WAYS)
def try_to_start(request):
    return WAYS[request.param]


async def test_the_trap_is_one(try_to_start):
    with pytest.raises(ProgramNotFoundError):
        await try_to_start()


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_after_a_deadline_nothing_is_started(try_to_start, seconds):
    with pytest.raises(TimeoutError):
        async with fail_after(seconds):
            await try_to_start()


async def test_a_deadline_that_came_while_nobody_looked_has_come(try_to_start):
    with pytest.raises(TimeoutError):
        async with deadline_scope(deadline := Deadline.after(0.001)):
            while deadline.remaining() > 0:
                time.sleep(0.001)
            await try_to_start()


async def test_in_a_block_that_moves_on_nothing_is_started(try_to_start):
    async with move_on_after(0.0) as block:
        await try_to_start()
    assert block.fired


async def test_in_a_scope_that_was_cancelled_nothing_is_started(try_to_start):
    scope = background().with_cancel()
    scope.cancel(LookupError("enough"))
    with pytest.raises(ScopeCancelled) as caught:
        async with scope:
            await try_to_start()
    assert isinstance(caught.value.__cause__, LookupError)


async def test_in_a_scope_whose_time_is_over_nothing_is_started(try_to_start):
    with pytest.raises(ScopeTimeout):
        async with background().with_timeout(0.0):
            await try_to_start()


async def test_a_task_that_was_cancelled_starts_nothing(try_to_start):
    async def cancelled():
        asyncio.current_task().cancel()
        await try_to_start()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(cancelled())


async def test_a_cancellation_comes_once_and_what_tidies_up_after_it_runs():
    tidied = b""
    with pytest.raises(TimeoutError):
        async with fail_after(0.0):
            try:
                await TRAP.run()
            finally:
                tidied = await Command("echo", "tidy").output()
    assert tidied == b"tidy\n"


async def test_what_was_started_is_in_the_hands_of_who_asked():
    """Whoever is cancelled in the turn of the start is not there to stop what it began."""
    async with fail_after(10):
        for turns in range(6):
            task = asyncio.create_task(started(Command("cat", stdin=PIPE)))
            for _ in range(turns):
                await asyncio.sleep(0)
            if task.cancel():
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                await task.result().aclose()


async def test_a_start_that_nobody_awaits_is_told_of():
    starting = Command("true").start()
    assert isinstance(starting, Starting)
    with pytest.warns(RuntimeWarning, match="'start' was never awaited"):
        del starting
