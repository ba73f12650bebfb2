"""What the servers of the benchmark of failure do, whatever they are made with.

All have room for PLACES calls at once, as if each had so many connections to a database.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from benchmarks._faults_ledger import Ledger

SERVICE: Final = "bench.Work"
DONE: Final = "done"
PLACES: Final = 4
QUEUE: Final = 12  # calls that may wait for a place, at servers that know such a limit
TIMEOUT: Final = 2.0  # seconds that each client has for a call
GRACE: Final = 2.0  # seconds for calls that run when a server is told to stop

Do = Callable[[], Awaitable[object]]
"""One call; it returns DONE."""


class Broken(Exception):
    """What a broken server answers with."""


class Job:
    """What each call does."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._places = asyncio.Semaphore(PLACES)

    async def run(self) -> None:
        """Take a place for as long as the ledger says; raise Broken if it says that."""
        if self._ledger.broken:
            raise Broken
        async with self._places:
            await asyncio.sleep(self._ledger.work)


async def stopped() -> None:
    """Say that calls are taken; return at SIGTERM, or when there is no parent any more."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    loop.add_reader(sys.stdin.fileno(), over.set)  # nobody writes: it can only end
    print("ready", flush=True)
    await over.wait()
    loop.remove_reader(sys.stdin.fileno())
