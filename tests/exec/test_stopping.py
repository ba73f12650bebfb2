"""Stopping a command: politely, then by force, and with all that it started."""

import asyncio
import logging
import signal

import pytest

from kitfox.exec import PIPE, Command, ExitError, Process, ProcessDoneError
from kitfox.scope import fail_after

STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.01; done"
# Each says its own number, then stays; the shell that started it stays too.
TREES = {
    "a_child": "bash -c 'echo $$; exec sleep 1000' & wait",
    "a_grandchild": "bash -c 'bash -c \"echo \\$\\$; exec sleep 1000\" & wait' & wait",
    "one_with_a_session_of_its_own": "setsid bash -c 'echo $$; exec sleep 1000' & wait",
    "a_daemon": "setsid -f bash -c 'echo $$; exec sleep 1000'; exec sleep 1000",
    "a_daemon_of_a_daemon": (
        "setsid -f setsid -f bash -c 'echo $$; exec sleep 1000'; exec sleep 1000"
    ),
    "a_stubborn_daemon": (
        "setsid -f bash -c 'trap \"\" TERM; echo $$; while :; do sleep 0.01; done'; exec sleep 1000"
    ),
    "one_that_ignores_hangups": "nohup bash -c 'echo $$; exec sleep 1000' 2>/dev/null & wait",
    "what_a_command_of_a_command_left": (
        "KITFOX_COMMAND=$KITFOX_COMMAND:inner setsid -f bash -c 'echo $$; exec sleep 1000'; "
        "exec sleep 1000"
    ),
}
# It leaves everything behind: parent, session, and the mark in its environment.
FUGITIVE = "setsid -f env -i /bin/bash -c 'echo $$; exec sleep 1000'; exec sleep 1000"


@pytest.mark.parametrize("tree", TREES)
async def test_the_whole_tree_goes(start, tree):
    async with fail_after(20):
        running, pid = await start(Command.shell(TREES[tree], grace=0.2))
        with Process.find(int(pid)) as process:
            await running.aclose()
            await process.wait()


async def test_what_contain_is_for_goes_too(start):
    async with fail_after(20):
        running, pid = await start(Command.shell(FUGITIVE, contain=True))
        with Process.find(int(pid)) as process:
            await running.aclose()
            await process.wait()


async def test_one_that_leaves_everything_behind_gets_away_without_contain(start):
    """This is the limit that the decision tells; when this fails, tell of less."""
    running, pid = await start(Command.shell(FUGITIVE))
    await running.aclose()
    with Process.find(int(pid)) as process:
        process.kill()
        await process.wait()


async def test_a_command_that_ends_when_asked_is_not_killed(start):
    async with fail_after(10):
        text = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done"
        running, _ = await start(Command.shell(text, grace=60.0))
        assert (await running.stop()).code == 7
        assert await running.stdout.read_all() == b"bye\n"
        await running.aclose()


async def test_a_command_may_be_asked_by_another_signal(start):
    text = "trap 'exit 8' INT; echo ready; while :; do sleep 0.01; done"
    async with fail_after(10):
        running, _ = await start(Command.shell(text, polite=signal.SIGINT, grace=60.0))
        assert (await running.stop()).code == 8
        await running.aclose()


async def test_a_command_that_does_not_end_is_killed_after_grace(start):
    async with fail_after(10):
        running, _ = await start(Command.shell(STUBBORN))
        assert (await running.stop(grace=0.05)).signal == signal.SIGKILL
        await running.aclose()


async def test_kill_asks_nobody(start):
    async with fail_after(10):
        running, _ = await start(Command.shell("trap 'exit 9' TERM; echo ready; sleep 1000"))
        assert (await running.kill()).signal == signal.SIGKILL
        await running.aclose()


async def test_each_process_is_asked_once(start):
    text = """
        trap 'echo asked; left=30' TERM
        for (( left = -1; left; left -= left > 0 )); do [ $left = -1 ] && echo; sleep 0.01; done
    """
    async with fail_after(20):
        running, _ = await start(Command.shell(text, grace=600.0))
        await running.stop()
        assert (await running.stdout.read_all()).split() == [b"asked"]
        await running.aclose()


async def test_a_deadline_stops_the_command(start):
    running, pid = await start(Command.shell("echo $$; exec sleep 1000"))
    with Process.find(int(pid)) as process:
        with pytest.raises(TimeoutError):
            async with fail_after(0.01):
                await running.wait()
        with pytest.raises(ProcessDoneError):
            process.signal(signal.SIGTERM)
    assert running.exit.signal == signal.SIGTERM


@pytest.mark.parametrize("verb", ["run", "output", "combined_output"])
async def test_cancelling_stops_the_command_before_it_goes_on(tmp_path, verb):
    path = tmp_path / "pid"
    command = Command.shell(f"echo $$ > {path}.new; mv {path}.new {path}; exec sleep 1000")
    task = asyncio.create_task(getattr(command, verb)())
    async with fail_after(10):
        while not path.exists():
            await asyncio.sleep(0.01)
        process = Process.find(int(path.read_text()))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ProcessDoneError):
            process.signal(signal.SIGTERM)
        process.release()


async def test_a_second_cancellation_takes_grace_away(start):
    async with fail_after(10):
        running, _ = await start(Command.shell(STUBBORN, grace=600.0))
        task = asyncio.create_task(running.wait())
        await asyncio.sleep(0)
        task.cancel()
        for _ in range(20):  # it is being stopped by now
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert running.exit.signal == signal.SIGKILL


async def test_leaving_the_block_stops_the_command():
    async with fail_after(10):
        async with Command("sleep", "1000").start() as running:
            assert running.exit is None
        assert running.exit.signal == signal.SIGTERM


async def test_an_error_in_the_block_stops_the_command_and_goes_on():
    with pytest.raises(LookupError):
        async with fail_after(10), Command("sleep", "1000").start() as running:
            raise LookupError
    assert running.exit.signal == signal.SIGTERM


async def test_several_may_stop_and_wait_at_once(start):
    async with fail_after(10):
        running, _ = await start(Command.shell(STUBBORN))
        waits = [asyncio.create_task(running.wait()) for _ in range(2)]
        ends = await asyncio.gather(running.stop(grace=600.0), running.stop(), running.kill())
        assert len(set(ends)) == 1
        for wait in waits:
            with pytest.raises(ExitError, match="SIGKILL"):
                await wait
        await running.aclose()


async def test_who_is_cancelled_while_another_stops_waits_for_the_end(start):
    async with fail_after(10):
        running, _ = await start(Command.shell(STUBBORN, grace=600.0))
        first = asyncio.create_task(running.stop())
        second = asyncio.create_task(running.stop())
        for _ in range(5):
            await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert (await first).signal == signal.SIGKILL
        await running.aclose()


async def test_a_signal_goes_to_the_process_and_not_to_one_that_has_ended(start):
    async with fail_after(10):
        running, _ = await start(Command.shell("trap 'exit 5' USR1; echo ready; read", stdin=PIPE))
        running.signal(signal.SIGUSR1)
        with pytest.raises(ExitError, match="code 5"):
            await running.wait()
        with pytest.raises(ProcessDoneError, match="already finished"):
            running.signal(signal.SIGUSR1)
        assert (await running.stop()).code == 5
        await running.aclose()


async def test_what_a_command_leaves_behind_is_left_alone(start):
    async with fail_after(10):
        text = "setsid -f bash -c 'echo $$; exec sleep 1000' 2>/dev/null"
        running, pid = await start(Command.shell(text))
        with Process.find(int(pid)) as process:
            await running.stdout.aclose()
            assert (await running.wait()).ok
            await running.aclose()
            process.kill()  # it is there
            await process.wait()


async def test_with_sweep_what_a_command_leaves_behind_is_ended(start):
    async with fail_after(10):
        text = "setsid -f bash -c 'echo $$; exec sleep 1000' 2>/dev/null"
        running, pid = await start(Command.shell(text, sweep=True))
        with Process.find(int(pid)) as process:
            assert (await running.wait()).ok
            await process.wait()
        await running.aclose()


async def test_a_loop_that_ends_takes_its_commands_along():
    numbers = []

    async def main():
        async def keep():
            async with Command("sleep", "1000").start() as running:
                numbers.append(running.pid)
                await running.wait()

        task = asyncio.create_task(keep())
        while not numbers:
            await asyncio.sleep(0)
        return task

    await asyncio.to_thread(asyncio.run, main())
    with pytest.raises(ProcessDoneError):
        Process.find(numbers[0])


async def test_who_may_not_be_killed_is_told_of(monkeypatch, caplog, start):
    monkeypatch.setattr("kitfox.exec._stop_plan._GIVE_UP", 0.0)
    async with fail_after(10):
        running, _ = await start(Command.shell(STUBBORN))
        with caplog.at_level(logging.WARNING), pytest.raises(Exception, match="outlives"):
            await running.stop(grace=0.0)
        assert "outlive their killing" in caplog.text
        await running.aclose()
        running.signal(signal.SIGKILL)
        while running.exit is None:
            await asyncio.sleep(0.01)
