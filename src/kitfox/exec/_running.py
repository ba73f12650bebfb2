"""A command that was started.

Rules:

- It ends once: by itself, or because its tree was stopped. It is reaped then, by nobody else and
  once; until then its number is its own.
- Whoever waits owns it: when `wait` is cancelled or its deadline comes, the tree is stopped
  before the cancellation goes on. So is it when the block is left. A cancellation that comes
  while the tree is being stopped takes away its grace.
- Whoever stops first carries the stop through, and others wait for that.
- Its output is not waited for without end: others may hold the pipes open.
"""

import asyncio
import logging
import secrets
import signal
import subprocess
import termios
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Self, TypeVar

from kitfox.exec._closing import Closing
from kitfox.exec._errors import ExecError, ExitError, WaitDelayError
from kitfox.exec._exit import Exit, reap
from kitfox.exec._handle import Handle
from kitfox.exec._options import Options
from kitfox.exec._pipe import LINE_LIMIT, Lines, PipeReader, PipeWriter
from kitfox.exec._spawn import spawn
from kitfox.exec._stop_plan import StopPlan
from kitfox.exec._streams import Streams
from kitfox.exec._tree import Tree

_GRACE = 5.0  # seconds
_WAIT_DELAY = 1.0
_YEAR = 365 * 86400.0  # uvloop's timers know no infinity

_End = TypeVar("_End")
_log = logging.getLogger(__name__)


class Running(Closing):
    """A started command; made by `Command.start`. Leaving its block stops what still runs."""

    def __init__(
        self,
        name: str,
        popen: subprocess.Popen[bytes],
        streams: Streams,
        options: Options,
        mark: str,
    ) -> None:
        self._name = name
        self._popen = popen
        self._streams = streams
        self._options = options
        self._mark = mark
        self._exit: Exit | None = None
        self._failure: Exception | None = None
        self._plan: StopPlan | None = None
        self._news = asyncio.Event()  # it ended, or one of its pumps failed
        self._stopped = asyncio.get_running_loop().create_future()
        self._handle = Handle.of_child(popen.pid)
        self._handle.ended().add_done_callback(self._ended)
        streams.start(self._fail)

    @classmethod
    def start(cls, words: Sequence[str], options: Options) -> Self:
        """Start a command."""
        _check(options)
        streams, mark = Streams(), secrets.token_hex(8)
        try:
            streams.open(options)
            popen = spawn(words, options, streams.theirs, mark)
        except BaseException:
            streams.close_nowait()
            raise
        return cls(words[0], popen, streams, options, mark)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self._name}: process {self.pid}, {self._exit or 'running'}>"
        )

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._popen.pid

    @property
    def exit(self) -> Exit | None:
        """How it ended; None while it runs."""
        return self._exit

    @property
    def stdin(self) -> PipeWriter:
        """What it reads, with stdin=PIPE."""
        return _asked("stdin", self._streams.stdin)

    @property
    def stdout(self) -> PipeReader:
        """What it writes, with stdout=PIPE; it can be read to its end after `wait` too."""
        return _asked("stdout", self._streams.stdout)

    @property
    def stderr(self) -> PipeReader:
        """What it complains about, with stderr=PIPE."""
        return _asked("stderr", self._streams.stderr)

    def lines(self, *, limit: int = LINE_LIMIT) -> AsyncIterator[str]:
        """Give each line of stdout=PIPE, and at the end do what `wait` does.

        LineTooLongError beyond `limit` bytes; ExitError after the last line.
        """
        return Lines(self.stdout, limit, self.wait)

    def signal(self, number: int) -> None:
        """Send the command's process, and only it, a signal; ProcessDoneError when it has ended."""
        self._handle.signal(number)

    def resize(self, rows: int, columns: int) -> None:
        """Tell its terminal's new size to all that run in it; ValueError without a terminal."""
        if self._streams.terminal is None:
            raise ValueError("the command has no terminal: Command(..., terminal=Terminal())")
        termios.tcsetwinsize(self._streams.terminal, (rows, columns))

    async def wait(self) -> Exit:
        """Wait for its end, and that of its output.

        ExitError when it did not end well, WaitDelayError when others hold its output open,
        and what a sink or source of ours raised. Cancelled, it stops the command.
        """
        try:
            await self._news.wait()
            await self._stop(self._grace)  # what it leaves behind, or all when a pump has failed
            complete = await self._streams.outputs_end(self._wait_delay)
            await self._streams.stop_pumps()
        except asyncio.CancelledError:
            await self.aclose()
            raise
        return self._outcome(complete=complete)

    async def stop(self, *, grace: float | None = None) -> Exit:
        """End it and all that it started: politely, and after `grace` seconds by force.

        ExecError when even that does not end it.
        """
        await self._stop(self._grace if grace is None else grace)
        if self._exit is None:
            raise ExecError(f"{self._name}: process {self.pid} outlives its killing")
        return self._exit

    async def kill(self) -> Exit:
        """End it and all that it started by force."""
        return await self.stop(grace=0.0)

    def abandon(self) -> None:
        """Kill it, its group and all that a look finds, where nobody can wait for their end."""
        tree = Tree(self._handle, self._mark)
        tree.kill(tree.look().alive)
        tree.close()
        self._streams.close_nowait()

    async def aclose(self) -> None:
        """Stop it if it runs, and close its pipes."""
        try:
            await self._stop(self._grace)
        finally:
            await self._streams.aclose()

    @property
    def _grace(self) -> float:
        return self._options.get("grace", _GRACE)

    @property
    def _wait_delay(self) -> float:
        return min(self._options.get("wait_delay", _WAIT_DELAY), _YEAR)

    def _outcome(self, *, complete: bool) -> Exit:
        if self._failure is not None:
            raise self._failure
        if self._exit is None:
            raise ExecError(f"{self._name}: process {self.pid} outlives its killing")
        if not self._exit.ok:
            tail = self._streams.tail
            raise ExitError(self._name, self._exit, tail.getvalue() if tail else b"")
        if not complete:
            raise WaitDelayError(f"{self._name}: it ended, but others hold its output open")
        return self._exit

    def _ended(self, _: asyncio.Future[None]) -> None:
        """Its process ended; while its tree is stopped, or is to be swept, it is reaped later."""
        sweep = self._options.get("sweep", False)
        if self._stopped.done() or (self._plan is None and not sweep):
            self._reap()
        self._news.set()

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._news.set()

    def _reap(self) -> None:
        self._exit = reap(self.pid)
        if self._exit is not None:
            self._popen.returncode = self._exit.code  # else Popen would ask for itself
            self._handle.close()
            self._streams.expire_in(self._wait_delay)

    async def _stop(self, grace: float) -> None:
        """End the tree, or see to it that whoever does so has no more than our grace."""
        if self._exit is not None:
            return
        now = asyncio.get_running_loop().time()
        if self._plan is None:
            self._plan = StopPlan(now, grace=grace)
            await self._end_tree(self._plan)
            return
        self._plan.hurry(now + grace)
        cancelled: asyncio.CancelledError | None = None
        while not self._stopped.done():
            cancelled = await _withstand(asyncio.wait([self._stopped]), self._plan) or cancelled
        if cancelled is not None:
            raise cancelled

    async def _end_tree(self, plan: StopPlan) -> None:
        now = asyncio.get_running_loop().time
        tree = Tree(self._handle, self._mark)
        polite = self._options.get("polite", signal.SIGTERM)
        cancelled: asyncio.CancelledError | None = None
        try:
            while not (step := plan.decide(now(), sight := tree.look())).over:
                tree.ask(step.ask, polite)
                tree.kill(step.kill)
                rest = step.until - now()
                pause = tree.quiet(rest) if sight.alive else asyncio.sleep(rest)
                cancelled = await _withstand(pause, plan) or cancelled
            if left := sorted(sight.alive):
                _log.warning("%s: processes %s outlive their killing", self._name, left)
        finally:
            tree.close()
            self._reap()
            self._stopped.set_result(None)
        if cancelled is not None:
            raise cancelled


def _check(options: Options) -> None:
    """Refuse what would fail when the command is stopped: it would go on then."""
    polite = options.get("polite", signal.SIGTERM)
    if not 0 < polite < signal.NSIG:
        raise ValueError(f"polite: {polite} is no signal")
    waits = {"grace": options.get("grace", _GRACE), "wait_delay": options.get("wait_delay", 0.0)}
    for name, seconds in waits.items():
        if not seconds >= 0.0:  # nor is NaN
            raise ValueError(f"{name}: seconds, 0.0 or more, not {seconds}")


async def _withstand(
    wait: Coroutine[object, object, object], plan: StopPlan
) -> asyncio.CancelledError | None:
    """Wait; a cancellation takes grace away, and is given back, to go on when all have ended."""
    try:
        await wait
    except asyncio.CancelledError as error:
        plan.hurry(asyncio.get_running_loop().time())
        return error
    return None


def _asked(name: str, end: _End | None) -> _End:
    if end is None:
        raise ValueError(f"{name} is no pipe of ours: Command(..., {name}=PIPE)")
    return end
