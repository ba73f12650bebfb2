"""One process of a system from its start to its end.

Rules:

- It is ready when it says so, and ended when that takes too long.
- One that is ready, and has said that its event loop turns, is ended when it no longer says so.
- What is ended for either is asked by SIGABRT, at which it writes where it was, and killed a moment
  later.
- `leave` asks it kindly to end, and kills it after the grace; `kill` neither asks nor waits. Said
  before there is a process, both hold as soon as there is one. One that says by itself that it is
  stopping has the grace, too.
"""

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process import Process
from kitfox.supervisor._pulse import Pulse

_LAST_WORDS = 20  # lines that are remembered
_ABORTS_WITHIN = 5.0  # seconds, while it writes where it was


class Ear(Protocol):
    """Who hears a process."""

    def told(self, news: Mapping[str, str]) -> None:
        """Take what it says of itself, by the names of sd_notify."""
        ...

    def wrote(self, line: str) -> None:
        """Take a line of its output."""
        ...


Launch = Callable[[Plan, Ear], AbstractAsyncContextManager[Process]]


class Patience(msgspec.Struct, frozen=True):
    """How long a process may take, in seconds, whatever its own plan says."""

    start: float | None = None
    stop: float | None = None
    ports: float = 3.0  # that others still hold when the first is to start


class End(msgspec.Struct, frozen=True):
    """How a life ended, and what it wrote last."""

    code: int
    how: str
    words: tuple[str, ...] = ()


class Witness(Protocol):
    """Who sees a life pass."""

    def runs(self, life: "Life", pid: int) -> None:
        """Hear that there is a process."""
        ...

    def says(self, life: "Life", status: str) -> None:
        """Hear its own words."""
        ...

    def ready(self, life: "Life") -> None:
        """Hear that it serves."""
        ...

    def wrote(self, line: str) -> None:
        """Hear a line of its output."""
        ...


class Life:
    """A life with a number; `run` is the whole of it."""

    def __init__(self, number: int, plan: Plan, patience: Patience, witness: Witness) -> None:
        self.number = number
        self.plan = plan
        self.addresses: tuple[str, ...] = ()
        self.services: tuple[str, ...] = ()
        self.pid: int | None = None
        self._patience = patience
        self._witness = witness
        self._process: Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._words = deque[str](maxlen=_LAST_WORDS)
        self._end_it: Callable[[Process], None] | None = None
        self.beats = self._is_ready = False  # beats: it has said that its event loop turns
        self._fault = ""  # for which it was ended
        self._pulse = Pulse(plan.silence, self._hangs)

    async def run(self, launch: Launch) -> End:
        """Live, and return how it ended."""
        try:
            async with launch(self.plan, self) as process:
                return self._end(await self._see_through(process))
        except OSError as error:
            return End(1, f"cannot be started: {error}")

    def leave(self) -> None:
        """End kindly; who is about to end is not asked again, and does not take it for haste."""
        if self._end_it is None:
            self._ask(self._ask_kindly)

    def kill(self) -> None:
        """End at once, with all that it started."""
        self._ask(lambda process: process.kill())

    def told(self, news: Mapping[str, str]) -> None:
        """Take what the process says of itself."""
        if address := news.get("X_ADDRESS"):
            self.addresses = tuple(address.split())
        if services := news.get("X_SERVICES"):
            self.services = tuple(services.split())
        if status := news.get("STATUS"):
            self._witness.says(self, status)
        self.beats = self.beats or news.get("WATCHDOG") == "1"
        if self._end_it is None:
            self._follow(news)

    def wrote(self, line: str) -> None:
        """Take a line that the process wrote."""
        self._words.append(line)
        self._witness.wrote(line)

    def _follow(self, news: Mapping[str, str]) -> None:
        if news.get("READY") == "1" and not self._is_ready:
            self._is_ready = True
            self._disarm()
            self._witness.ready(self)
            if self.beats:
                self._pulse.beat()
        elif news.get("WATCHDOG") == "1" and self._is_ready:
            self._pulse.beat()
        if news.get("STOPPING") == "1":
            self._ask(self._expect_end)

    async def _see_through(self, process: Process) -> int:
        self._process, self.pid = process, process.pid
        self._arm(self._has_to_start, self._give_up)
        self._witness.runs(self, process.pid)
        if self._end_it is not None:
            self._end_it(process)
        try:
            return await process.wait()
        finally:
            self._disarm()
            self._pulse.stop()
            self._process = None

    def _ask(self, end_it: Callable[[Process], None]) -> None:
        self._end_it = end_it
        self._pulse.stop()
        if self._process is not None:
            end_it(self._process)

    def _ask_kindly(self, process: Process) -> None:
        process.terminate()
        self._expect_end(process)

    def _expect_end(self, process: Process) -> None:
        grace = self._patience.stop
        self._arm(self.plan.grace if grace is None else grace, process.kill)

    @property
    def _has_to_start(self) -> float:
        patience = self._patience.start
        return self.plan.ready_within if patience is None else patience

    def _give_up(self) -> None:
        self._fault = f"not ready within {self._has_to_start:g} s; ready_within gives it more"
        self._ask(self._abort)

    def _hangs(self) -> None:
        self._fault = f"its event loop was blocked for {self._pulse.within:.0f} s"
        self._ask(self._abort)

    def _abort(self, process: Process) -> None:
        process.abort()
        self._arm(_ABORTS_WITHIN, process.kill)

    def _end(self, code: int) -> End:
        how = f"exit {code}" if code >= 0 else f"{signal.strsignal(-code)}".lower()
        return End(code, self._fault or how, tuple(self._words))

    def _arm(self, seconds: float, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
