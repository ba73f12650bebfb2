"""How a process ended, as waitpid tells it."""

import os
import signal
from dataclasses import dataclass
from typing import Protocol

_SHELL_SIGPIPE = 128 + signal.SIGPIPE  # how a shell tells that SIGPIPE ended its command


class Usage(Protocol):
    """What `os.wait4` tells of the time that a process took."""

    @property
    def ru_utime(self) -> float: ...
    @property
    def ru_stime(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: its code, or the signal that ended it, and the time it computed.

    `code` is -1 when a signal ended it, and when somebody else was told how it ended.
    """

    pid: int
    code: int
    signal: int | None = None
    core_dumped: bool = False
    user_seconds: float = 0.0
    system_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with code 0."""
        return self.code == 0

    @property
    def broken_pipe(self) -> bool:
        """Whether it ended because nobody read what it wrote."""
        return self.signal == signal.SIGPIPE or self.code == _SHELL_SIGPIPE

    def __str__(self) -> str:
        if self.signal is not None:
            return f"ended by {_signal_name(self.signal)}" + ", core dumped" * self.core_dumped
        if self.code < 0:
            return "ended, and somebody else was told how"
        return f"ended with code {self.code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_status(pid: int, status: int, usage: Usage) -> Exit:
    """Read a status as wait(2) gives it."""
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    return Exit(
        pid,
        code=os.WEXITSTATUS(status) if ended_by is None else -1,
        signal=ended_by,
        core_dumped=ended_by is not None and os.WCOREDUMP(status),
        user_seconds=usage.ru_utime,
        system_seconds=usage.ru_stime,
    )


def reap(pid: int) -> Exit | None:
    """Ask the kernel how our child ended, which frees its number; None while it runs.

    Where somebody else was told already, or no child's end is kept (SIGCHLD ignored), nobody
    knows any more.
    """
    try:
        reaped, status, usage = os.wait4(pid, os.WNOHANG)
    except ChildProcessError:
        return Exit(pid, code=-1)
    return read_status(pid, status, usage) if reaped else None
