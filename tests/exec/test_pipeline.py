"""Commands that read what others write."""

import asyncio
import os
import signal

import pytest

from kitfox.exec import (
    DEVNULL,
    PIPE,
    Command,
    ExecError,
    Exit,
    ExitError,
    OutputTooLargeError,
    Pipeline,
    PipeReader,
    ProgramNotFoundError,
)
from kitfox.exec._running_pipeline import verdict
from kitfox.scope import fail_after

WELL = Exit(1, code=0)
FAILED = ExitError("a", Exit(2, code=1))
FAILED_LATER = ExitError("b", Exit(3, code=2))
NOT_READ = ExitError("c", Exit(4, code=-1, signal=signal.SIGPIPE))


@pytest.mark.parametrize(
    ("ends", "error"),
    [
        ([WELL, WELL], None),
        ([FAILED, WELL], FAILED),
        ([FAILED, FAILED_LATER, WELL], FAILED_LATER),
        ([NOT_READ, WELL], None),
        ([FAILED, NOT_READ, WELL], FAILED),
        ([WELL, NOT_READ], NOT_READ),
    ],
)
def test_a_pipeline_fails_as_its_last_failed_member_unless_that_was_not_read(ends, error):
    if error is None:
        assert [end.pid for end in verdict(ends)] == [1 if e is WELL else 4 for e in ends]
    else:
        with pytest.raises(ExitError) as caught:
            verdict(ends)
        assert caught.value is error


async def test_each_reads_what_the_one_before_writes():
    pipeline = Command("cat", stdin=b"c\na\nb\n") | Command("sort") | Command("head", "-2")
    assert await pipeline.output() == b"a\nb\n"
    assert await pipeline.output() == b"a\nb\n"


async def test_pipelines_are_joined_as_commands_are():
    echo, cat = Command("echo", "x"), Command("cat")
    for pipeline in ((echo | cat) | (cat | cat), echo | (cat | cat)):
        assert await pipeline.output() == b"x\n"
    assert repr(echo | (cat | cat)) == "Command('echo', 'x') | Command('cat') | Command('cat')"


def test_a_pipeline_of_nothing_is_refused():
    with pytest.raises(ValueError, match="one command or more"):
        Pipeline()


async def test_a_pipeline_that_outlives_its_killing_tells_so_as_a_command_does(monkeypatch):
    monkeypatch.setattr("kitfox.exec._stop_plan._GIVE_UP", 0.0)
    async with fail_after(10), (Command("sleep", "1000") | Command("cat")).start() as running:
        with pytest.raises(ExecError, match=r"sleep: .* outlives its killing"):
            await running.stop(grace=0.0)
        for member in running.members:
            member.signal(signal.SIGKILL)
        while not all(member.exit for member in running.members):
            await asyncio.sleep(0.01)


async def test_a_writer_that_is_not_read_to_the_end_is_well():
    async with fail_after(10):
        first, second = await (Command("yes") | Command("head", "-1")).run()
    assert first.broken_pipe
    assert second.ok


async def test_a_failure_in_the_middle_is_a_failure():
    pipeline = Command("echo", "x") | Command.shell("cat; exit 3") | Command("cat")
    with pytest.raises(ExitError, match="code 3"):
        await pipeline.run()


async def test_much_passes_through_a_pipeline():
    data = b"0123456789abcdef" * 200_000
    async with fail_after(20):
        assert await (Command("cat", stdin=data) | Command("cat")).output() == data


async def test_a_pipeline_is_spoken_with_by_pipes():
    pipeline = Command("cat", stdin=PIPE) | Command("tr", "a-z", "A-Z", stdout=PIPE)
    async with fail_after(10), pipeline.start() as running:
        await running.stdin.write(b"one\ntwo\n")
        await running.stdin.aclose()
        assert [line async for line in running.lines()] == ["ONE", "TWO"]
        assert [member.exit.ok for member in running.members] == [True, True]


async def test_stopping_a_pipeline_stops_all():
    pipeline = Command("yes") | Command.shell("sleep 1000; cat")
    async with fail_after(10), pipeline.start() as running:
        ends = await running.stop()
    assert [end.signal for end in ends] == [signal.SIGTERM] * 2


async def test_cancelling_a_pipeline_stops_all():
    running = await (Command("sleep", "1000") | Command("sleep", "1000")).start()
    waiting = asyncio.create_task(running.wait())
    await asyncio.sleep(0)
    async with fail_after(10):
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert [member.exit.signal for member in running.members] == [signal.SIGTERM] * 2


async def test_more_output_than_the_limit_stops_all():
    async with fail_after(10):
        with pytest.raises(OutputTooLargeError):
            await (Command("sleep", "1000") | Command("yes", limit=100)).output()


async def test_when_one_cannot_be_started_none_is_left_running(children):
    before = set(children())
    source, target = os.pipe()  # which the first holds open as long as it lives
    first = Command("sleep", "1000", pass_fds=[target])
    with pytest.raises(ProgramNotFoundError):
        await (first | Command("no-such-program")).start()
    os.close(target)
    async with fail_after(10), PipeReader(source) as held:
        assert await held.read() == b""
        while set(children()) - before:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("before", "after", "which"),
    [({"stdout": DEVNULL}, {}, "stdout of"), ({}, {"stdin": b"x"}, "stdin of")],
)
def test_a_stream_within_a_pipeline_leads_nowhere_else(before, after, which):
    with pytest.raises(ValueError, match=which):
        _ = Command("cat", **before) | Command("cat", **after)
