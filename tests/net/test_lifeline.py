"""What becomes of the children of a supervisor that is killed."""

import asyncio
import os
import queue
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kitfox.net._lifeline import Lifeline, hold_lifeline
from kitfox.scope import fail_after

SUPERVISOR = """
import os, subprocess, sys, time
from kitfox.net._lifeline import Lifeline
with Lifeline() as lifeline:
    child = subprocess.Popen(
        [sys.executable, "-c", sys.argv[1], str(lifeline.fd)],
        pass_fds=[lifeline.fd],
        start_new_session=True,
    )
    time.sleep(60)
"""

CHILD = """
import os, signal, subprocess, sys, time
from kitfox.net._lifeline import hold_lifeline, signal_self
{before}
hold_lifeline(int(sys.argv[1]), {grace}, signal_self)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("holding", flush=True)
time.sleep(60)
"""

KIND = """
def stop(*_):
    print("asked kindly", flush=True)
    grandchild.kill()
    sys.exit()
signal.signal(signal.SIGTERM, stop)
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@asynccontextmanager
async def orphaned(child: str) -> AsyncIterator[asyncio.StreamReader]:
    """Kill the supervisor of a child that holds the lifeline; give what its orphans still say.

    End of file there means that all of them are gone.
    """
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISOR, child, stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout
    async with fail_after(10):
        assert await supervisor.stdout.readline() == b"holding\n"
        supervisor.kill()
        yield supervisor.stdout
        await supervisor.wait()


async def test_a_child_is_asked_to_stop_when_its_supervisor_is_killed():
    async with orphaned(CHILD.format(before=KIND, grace=60)) as output:
        assert await output.read() == b"asked kindly\n"


async def test_a_child_that_does_not_stop_is_killed_with_all_it_started():
    async with orphaned(CHILD.format(before=DEAF, grace=0.05)) as output:
        assert await output.read() == b""


async def test_a_process_is_asked_kindly_first_and_only_when_the_line_is_cut():
    asked: queue.SimpleQueue[signal.Signals] = queue.SimpleQueue()
    with Lifeline() as lifeline:
        hold_lifeline(os.dup(lifeline.fd), 0.0, asked.put)
        assert asked.empty()
    first, second = [await asyncio.to_thread(asked.get, timeout=10) for _ in range(2)]
    assert (first, second) == (signal.SIGTERM, signal.SIGKILL)


async def test_what_a_child_leaves_behind_ends_with_it():
    leaving = KIND.replace("grandchild.kill()", "pass")
    async with orphaned(CHILD.format(before=leaving, grace=60)) as output:
        assert await output.read() == b"asked kindly\n"
