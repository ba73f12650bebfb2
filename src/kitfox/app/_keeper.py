"""Keeping one process of a system running, from its first start until it is told to stop.

Rules:

- Nothing runs before `start`; `stop` before it means that nothing ever will.
- A life begins with starting; it is ready when it says so, and killed when that takes too long.
- A life that ends is followed by another after the wait that Restart decides, until `stop`.
- `stop` asks kindly, and kills after the grace; `kill` neither asks nor waits.
"""

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress

import msgspec

from kitfox.app._process import Process
from kitfox.app._process_table import ProcessTable, State
from kitfox.app._restart import Restart
from kitfox.scope import fail_after

Told = Callable[[Mapping[str, str]], None]
Launch = Callable[[str, Told], AbstractAsyncContextManager[Process]]


class Patience(msgspec.Struct, frozen=True):
    """How long a process may take, in seconds."""

    start: float = 30.0
    stop: float = 40.0  # a server drains for 3 + 30
    ports: float = 3.0  # that others still hold when the first is to start


class End(msgspec.Struct, frozen=True):
    """How a life ended."""

    code: int
    how: str


class Keeper:
    """Keeps one process; its row in the table is its own to move."""

    def __init__(
        self,
        name: str,
        table: ProcessTable,
        restart: Restart,
        patience: Patience,
        draw: Callable[[], float],
    ) -> None:
        self._name = name
        self._table = table
        self._restart = restart
        self._patience = patience
        self._draw = draw
        self._process: Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._addresses: tuple[str, ...] = ()
        self._late = False
        self._killed = False
        self._go = asyncio.Event()
        self._stop = asyncio.Event()
        self.tried = asyncio.Event()  # its first life became ready, or ended
        self.over = asyncio.Event()

    def start(self) -> None:
        """Let it begin."""
        self._go.set()

    def stop(self) -> None:
        """End it kindly, for good."""
        self._stop.set()
        self._go.set()
        self._end_process()

    def kill(self) -> None:
        """End it at once, for good, and all that it started."""
        self._killed = True
        self.stop()

    async def keep(self, launch: Launch) -> None:
        """Run until stopped or failed."""
        try:
            await self._go.wait()
            await self._live_on(launch)
        finally:
            self.tried.set()
            self.over.set()

    async def _live_on(self, launch: Launch) -> None:
        end = End(0, "")
        while not self._stop.is_set():
            end = await self._live(launch)
            if self._stop.is_set():
                break
            wait = self._restart.decide(self._now(), end.code, self._draw())
            if wait is None:
                self._table.failed(self._name, end.how)
                return
            self._table.backing_off(self._name, f"{end.how}; again in {wait:.1f} s")
            self.tried.set()
            await self._pause(wait)
        self._table.stopped(self._name, end.how if end.code == -signal.SIGKILL else "")

    async def _live(self, launch: Launch) -> End:
        self._addresses, self._late = (), False
        self._table.starting(self._name)
        try:
            async with launch(self._name, self._told) as process:
                return self._end(await self._see_through(process))
        except OSError as error:
            return End(1, f"cannot be started: {error}")

    async def _see_through(self, process: Process) -> int:
        self._process = process
        self._table.runs_as(self._name, process.pid)
        self._arm(self._patience.start, self._give_up)
        if self._stop.is_set():
            self._end_process()
        try:
            return await process.wait()
        finally:
            self._disarm()
            self._process = None

    def _end_process(self) -> None:
        if self._table.row(self._name).state in {State.STARTING, State.READY}:
            self._table.stopping(self._name)
        if self._process is None:
            return
        if self._killed:
            self._process.kill()
        else:
            self._process.terminate()
            self._arm(self._patience.stop, self._process.kill)

    def _give_up(self) -> None:
        self._late = True
        if self._process is not None:
            self._process.kill()

    def _told(self, news: Mapping[str, str]) -> None:
        """Take what the process says of itself, by the names of sd_notify."""
        if address := news.get("X_ADDRESS"):
            self._addresses = tuple(address.split())
        if status := news.get("STATUS"):
            self._table.says(self._name, status)
        if news.get("READY") == "1" and self._table.row(self._name).state is State.STARTING:
            self._disarm()
            self._restart.ready(self._now())
            self._table.ready(self._name, self._addresses)
            self.tried.set()

    def _end(self, code: int) -> End:
        if self._late:
            return End(code, f"not ready within {self._patience.start:.0f} s")
        return End(code, f"exit {code}" if code >= 0 else f"{signal.strsignal(-code)}".lower())

    def _arm(self, seconds: float, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with fail_after(seconds):
                await self._stop.wait()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
