"""Processes found by their numbers, which are given away anew."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from kitfox.exec import Command, Process, ProcessDoneError
from kitfox.scope import fail_after

NOBODY = 2**22 + 1  # above what Linux gives


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "1000"]) as child:
        yield child
        child.kill()


async def test_a_process_is_found_signalled_and_waited_for(start):
    async with fail_after(10):
        running, pid = await start(Command.shell("sleep 1000 & echo $!; wait"))
        with Process.find(int(pid)) as process:
            assert process.pid == int(pid)
            process.signal(signal.SIGTERM)
            assert await process.wait() is None  # its parent is told, not we
        await running.aclose()


async def test_a_child_of_ours_tells_how_it_ended():
    child = subprocess.Popen(["bash", "-c", "exit 3"])
    async with fail_after(10):
        with Process.find(child.pid) as process:
            assert (await process.wait()).code == 3
    child.returncode = 3


async def test_a_process_that_has_finished_cannot_be_signalled(sleeper):
    with Process.find(sleeper.pid) as process:
        process.kill()
        sleeper.wait()
        with pytest.raises(ProcessDoneError, match="already finished"):
            process.kill()
        with pytest.raises(ProcessLookupError):
            process.signal(signal.SIGTERM)


def test_a_number_that_nobody_has_is_not_found():
    with pytest.raises(ProcessDoneError):
        Process.find(NOBODY)


@pytest.mark.parametrize("pid", [0, -1])
def test_a_number_that_means_many_is_refused(pid):
    with pytest.raises(ValueError, match="above 0"):
        Process.find(pid)


async def test_a_process_that_was_released_is_out_of_reach(sleeper):
    process = Process.find(sleeper.pid)
    waiting = asyncio.create_task(process.wait())
    await asyncio.sleep(0)
    process.release()
    process.release()
    with pytest.raises(ProcessDoneError, match="released"):
        process.kill()
    with pytest.raises(ProcessDoneError, match="released"):
        await waiting
    assert sleeper.poll() is None


async def test_a_wait_that_is_given_up_takes_nothing_from_the_others(sleeper):
    async with fail_after(10):
        with Process.find(sleeper.pid) as process:
            waiting = asyncio.create_task(process.wait())
            with pytest.raises(TimeoutError):
                async with fail_after(0.01):
                    await process.wait()
            process.kill()
            assert (await waiting).signal == signal.SIGKILL
            assert await process.wait() is None  # how, was told already


async def test_the_end_that_another_was_told_is_unknown_but_known_to_be():
    async with fail_after(10), Command.shell("exit 3").start() as running:
        os.waitpid(running.pid, 0)
        with pytest.raises(Exception, match="somebody else was told how"):
            await running.wait()


WITHOUT = """
import asyncio, os, sys
{prepare}
from kitfox.exec import *

async def main():
    assert await Command("echo", "hi").output() == b"hi\\n"
    running = await Command.shell(
        "trap '' TERM; setsid -f bash -c 'echo $$; exec sleep 1000'; while :; do sleep 0.01; done",
        stdout=PIPE, grace=0.1,
    ).start()
    daemon = Process.find(int(await running.stdout.readline()))
    running.signal(0)
    await running.aclose()
    assert running.exit.signal == 9, running.exit
    if {whole}:
        await daemon.wait()
    else:
        daemon.kill()
    daemon.release()
    try:
        running.signal(0)
        Process.find(running.pid)
    except ProcessDoneError:
        print("done")

asyncio.run(main())
"""


IN_UVLOOP = """
import uvloop

def run(main):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)

asyncio.run = run
"""


@pytest.mark.parametrize(
    ("prepare", "whole"),
    [
        ("del os.pidfd_open", True),
        ("import kitfox.exec._proc as proc; proc._PROC = '/nowhere'", False),
        (IN_UVLOOP, True),
    ],
    ids=["pidfd", "proc", "asyncios_loop"],
)
def test_commands_run_where_there_is_no(prepare, whole):
    code = WITHOUT.format(prepare=prepare, whole=whole)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("done\n", "")
