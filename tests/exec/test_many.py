"""Many commands: at once, and one after another, with nothing left of them."""

import asyncio
import os
import resource
from functools import reduce
from operator import or_
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kitfox.exec import Command, ExitError, PipeReader
from kitfox.scope import fail_after

# Many runs are for a person: KITFOX_EXEC_RUNS=10000 make test T=tests/exec/test_many.py
RUNS = int(os.environ.get("KITFOX_EXEC_RUNS", "300"))
SOFT_LIMIT = 1024
FEW = settings(max_examples=15, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def few_descriptors():
    """Let the process have as many files as it has where nobody has thought of it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT_LIMIT, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_two_hundred_commands_run_at_once(few_descriptors):
    async with fail_after(60):
        commands = [Command("bash", "-c", "read x; echo $x", stdin=b"%d\n" % n) for n in range(200)]
        outputs = await asyncio.gather(*(command.output() for command in commands))
    assert outputs == [b"%d\n" % n for n in range(200)]


async def test_a_hundred_commands_are_stopped_at_once(few_descriptors):
    async with fail_after(60):
        running = [await Command.shell("sleep 1000 & wait").start() for _ in range(100)]
        await asyncio.gather(*(command.aclose() for command in running))
    assert not any(command.exit.ok for command in running)


async def test_runs_leave_nothing_behind(children):
    before = children()
    tasks, files = len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))
    for number in range(RUNS):
        await one_of_many(number)
    assert len(asyncio.all_tasks()) == tasks
    assert len(list(Path("/proc/self/fd").iterdir())) == files
    assert children() == before


async def one_of_many(number):
    """Run a command in one of the ways there are."""
    match number % 5:
        case 0:
            await Command("true").run()
        case 1:
            assert await Command("cat", stdin=b"x").output() == b"x"
        case 2:
            with pytest.raises(ExitError):
                await (Command("true") | Command("false")).run()
        case 3:
            async with Command("sleep", "1000").start():
                pass
        case _:
            with pytest.raises(TimeoutError):
                async with fail_after(0.001):
                    await Command("sleep", "1000").run()


STUBBORN = "trap '' TERM; cat; while :; do sleep 0.01; done"
MEMBERS = st.lists(
    st.sampled_from(
        ["cat", "head -c 100", "yes", "true", "false", "sleep 1000", "setsid -f cat", STUBBORN]
    ),
    min_size=1,
    max_size=4,
)


# Turns of the loop, or seconds.
MOMENTS = st.one_of(st.integers(0, 30), st.floats(0.0, 0.1))


async def cancelled_at(moments, members):
    first, *others = (
        Command.shell(text, wait_delay=0.01, limit=1000, grace=0.1) for text in members
    )
    task = asyncio.create_task(reduce(or_, others, first).output())
    for moment in moments:
        await pause(moment)
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def pause(moment):
    if isinstance(moment, float):
        await asyncio.sleep(moment)
    else:
        for _ in range(moment):
            await asyncio.sleep(0)


def test_a_pipeline_that_is_cancelled_anywhere_leaves_nothing(children, fuzz):
    before, files = children(), len(list(Path("/proc/self/fd").iterdir()))

    @FEW
    @given(MEMBERS, st.lists(MOMENTS, min_size=1, max_size=3))
    def check(members, moments):
        asyncio.run(cancelled_at(moments, members))
        assert len(list(Path("/proc/self/fd").iterdir())) == files
        assert children() == before

    fuzz(check)


BRANCHES = st.lists(
    st.sampled_from(
        [
            "sleep 1000 &",
            "setsid sleep 1000 &",
            "setsid -f sleep 1000",
            "(setsid -f bash -c 'sleep 1000 & sleep 1000') &",
            "bash -c 'trap \"\" TERM; sleep 1000; sleep 1000' &",
            "for i in 1 2 3 4 5 6 7 8; do setsid -f sleep 1000; done &",
            "while :; do true & done &",
        ]
    ),
    min_size=1,
    max_size=4,
)


async def stopped_after(seconds, lines):
    source, target = os.pipe()  # which all of the tree hold open
    command = Command.shell("\n".join(lines), grace=0.02, pass_fds=[target], sweep=True)
    async with command.start():
        await asyncio.sleep(seconds)
        os.close(target)
    async with PipeReader(source) as held, fail_after(10):
        assert await held.read() == b""


def test_a_tree_that_is_stopped_anywhere_goes_whole(fuzz):
    @FEW
    @given(BRANCHES, st.sampled_from(["", "wait", "sleep 1000"]), st.floats(0.0, 0.1))
    def check(branches, last, moment):
        asyncio.run(stopped_after(moment, [*branches, last]))

    fuzz(check)
