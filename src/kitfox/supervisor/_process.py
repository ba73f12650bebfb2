"""One child process in a session of its own: its lines as they come, its end and its group's."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kitfox.scope import fail_after
from kitfox.supervisor._lines import Lines

_LAST_WORDS = 1.0  # seconds for what is still in the pipe when the process has ended


class Process:
    """A running child; made by `Process.start`, over when `wait` has returned."""

    def __init__(
        self,
        child: "asyncio.SubprocessTransport | _Adopted",
        exited: asyncio.Event,
        pipe: asyncio.ReadTransport,
        written: asyncio.Event,
    ) -> None:
        self._child = child
        self._exited = exited
        self._pipe = pipe
        self._written = written
        self.pid = child.get_pid()

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        folder: Path,
        fds: Iterable[int] = (),
        wrote: Callable[[str], None],
    ) -> "Process":
        """Start a command; `wrote` gets each line of its output. OSError when it cannot start."""
        loop = asyncio.get_running_loop()
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as sink:
            output = _Output(wrote)
            pipe, _ = await loop.connect_read_pipe(lambda: output, os.fdopen(reading, "rb"))
            try:
                child, exit_ = await loop.subprocess_exec(
                    _Exit,
                    *command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    env=dict(environ),
                    cwd=folder,
                    pass_fds=tuple(fds),
                    start_new_session=True,
                )
            except BaseException:
                pipe.close()
                raise
        return cls(child, exit_.exited, pipe, output.ended)

    @classmethod
    async def adopt(cls, pid: int, pipe: int, *, wrote: Callable[[str], None]) -> "Process":
        """Take over a child that another program has started in this process."""
        output, exited = _Output(wrote), asyncio.Event()
        reading, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: output, os.fdopen(pipe, "rb")
        )
        return cls(_Adopted(pid, exited), exited, reading, output.ended)

    @property
    def output(self) -> int:
        """The descriptor of the pipe that it writes to."""
        fd: int = self._pipe.get_extra_info("pipe").fileno()
        return fd

    def terminate(self) -> None:
        """Ask it kindly; what it started is its own to end."""
        self._send(signal.SIGTERM)

    def abort(self) -> None:
        """End it where it is, and let it write where that was."""
        self._send(signal.SIGABRT)

    def kill(self) -> None:
        """End it and all it started, unless they left its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end, leave nothing of its group alive; return its code, -N for signal N."""
        try:
            await self._end()
            await self._last_words()
        finally:
            self._pipe.close()
        return self._child.get_returncode() or 0

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._child.send_signal(number)

    async def _end(self) -> None:
        try:
            await self._exited.wait()
        finally:
            self.kill()
            self._child.close()

    async def _last_words(self) -> None:
        with suppress(TimeoutError):  # somebody who left the group may still hold the pipe
            async with fail_after(_LAST_WORDS):
                await self._written.wait()


class _Exit(asyncio.SubprocessProtocol):
    """Says when the child has ended."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()

    def process_exited(self) -> None:
        self.exited.set()


class _Adopted:
    """A child that asyncio has not started, as far as a Process needs it."""

    def __init__(self, pid: int, exited: asyncio.Event) -> None:
        self._pid = pid
        self._exited = exited
        self._code: int | None = None
        self._pidfd = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)

    def get_pid(self) -> int:
        return self._pid

    def get_returncode(self) -> int | None:
        return self._code

    def send_signal(self, number: signal.Signals) -> None:
        if self._code is None:
            os.kill(self._pid, number)

    def close(self) -> None:
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _reap(self) -> None:
        _, status = os.waitpid(self._pid, 0)
        self._code = os.waitstatus_to_exitcode(status)
        self.close()
        self._exited.set()


class _Output(asyncio.Protocol):
    """Tells the lines that come through the pipe, and when it was closed by all its writers."""

    def __init__(self, wrote: Callable[[str], None]) -> None:
        self._lines = Lines()
        self._wrote = wrote
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self._tell(self._lines.feed(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell(self._lines.flush())
        self.ended.set()

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._wrote(line)
