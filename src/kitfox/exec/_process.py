"""Processes that run already, whoever started them."""

import asyncio
import os
import signal
from typing import Self

from kitfox.exec._errors import ProcessDoneError
from kitfox.exec._exit import Exit, reap
from kitfox.exec._handle import Handle


class Process:
    """One process of this machine, found by its number; `release` or leaving lets go of it.

    It stays this process: when it has finished and its number was given away, a signal meets
    ProcessDoneError, not a stranger.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._released = False

    @classmethod
    def find(cls, pid: int) -> Self:
        """Find the process with this number; ProcessDoneError when there is none."""
        if pid < 1:
            raise ValueError(f"a process's number is above 0, not {pid}")
        return cls(Handle.open(pid))

    @property
    def pid(self) -> int:
        """Its number."""
        return self._handle.pid

    def signal(self, number: int) -> None:
        """Send it a signal; ProcessDoneError, PermissionError."""
        self._check_held()
        self._handle.signal(number)

    def kill(self) -> None:
        """End it at once; ProcessDoneError, PermissionError."""
        self.signal(signal.SIGKILL)

    async def wait(self) -> Exit | None:
        """Wait until it has finished, and tell how, which only its parent learns: else None."""
        self._check_held()
        await asyncio.wait([self._handle.ended()])  # which others wait for too: it stays whole
        self._check_held()
        return reap(self.pid) if _is_child(self.pid) else None

    def release(self) -> None:
        """Let go of it; it goes on."""
        if not self._released:
            self._released = True
            self._handle.close()

    def _check_held(self) -> None:
        if self._released:
            raise ProcessDoneError(f"process {self.pid} was released")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()


def _is_child(pid: int) -> bool:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
