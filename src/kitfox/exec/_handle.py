"""A hold on one process, which never comes to mean another one.

Rules:

- By a pidfd where the kernel has them: it stays with its process when the number is given away.
- Where it has none, by number. Of our own child that is as good until it is reaped, for the kernel
  keeps the number until then; of any other process it is the best there is.
- A process is gone when it has ended, whether or not its parent was told.
"""

import asyncio
import os
import select
import signal
from collections.abc import Callable
from typing import Self

from kitfox.exec._errors import ProcessDoneError

_FIRST_LOOK = 0.001  # seconds; where there is no pidfd we look, less and less often
_SELDOM = 0.05


class Handle:
    """A hold on the process `pid`; `fd` is its pidfd, or None."""

    __slots__ = ("_closed", "_ended", "_fd", "_unwatch", "pid")

    def __init__(self, pid: int, fd: int | None) -> None:
        self.pid = pid
        self._fd = fd
        self._closed = False
        self._ended: asyncio.Future[None] | None = None
        self._unwatch: Callable[[], object] | None = None

    @classmethod
    def open(cls, pid: int) -> Self:
        """Take hold of any process; ProcessDoneError when there is none."""
        try:
            return cls(pid, os.pidfd_open(pid))
        except ProcessLookupError:
            raise _done(pid) from None
        except (AttributeError, OSError):  # no such call here, it is forbidden, or no fd is left
            handle = cls(pid, None)
        if handle.gone():
            raise _done(pid)
        return handle

    @classmethod
    def of_child(cls, pid: int) -> Self:
        """Take hold of a child of ours that nobody has reaped."""
        try:
            return cls.open(pid)
        except ProcessDoneError:  # it has ended already, and its end is not kept
            return cls(pid, None)

    def signal(self, number: int) -> None:
        """Send a signal; ProcessDoneError, PermissionError."""
        if self._closed:
            raise _done(self.pid)
        try:
            if self._fd is None:
                self._signal_by_number(number)
            else:
                signal.pidfd_send_signal(self._fd, number)
        except ProcessLookupError:
            raise _done(self.pid) from None

    def _signal_by_number(self, number: int) -> None:
        if self.gone():
            raise ProcessLookupError
        os.kill(self.pid, number)

    def gone(self) -> bool:
        """Tell whether the process has ended."""
        if self._fd is None:
            return _gone(self.pid)
        poll = select.poll()  # select.select knows no fd above 1023
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(0))

    def ended(self) -> asyncio.Future[None]:
        """Give the future that is done when the process has ended; there is one for all."""
        if self._ended is None:
            loop = asyncio.get_running_loop()
            self._ended = loop.create_future()
            if self._fd is None:
                self._look(loop, _FIRST_LOOK)
            else:
                loop.add_reader(self._fd, self._settle)
                fd = self._fd
                self._unwatch = lambda: loop.remove_reader(fd)
        return self._ended

    def _look(self, loop: asyncio.AbstractEventLoop, wait: float) -> None:
        if self.gone():
            self._settle()
        else:
            timer = loop.call_later(wait, self._look, loop, min(2 * wait, _SELDOM))
            self._unwatch = timer.cancel

    def _settle(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def close(self) -> None:
        """Let go; whoever waits for the end waits no longer."""
        self._settle()
        self._closed = True
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _done(pid: int) -> ProcessDoneError:
    return ProcessDoneError(f"process {pid} has already finished")


def _gone(pid: int) -> bool:
    """Look by number: our child when it has ended, another one when its number is free."""
    try:
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, pid, how) is not None
    except ChildProcessError:
        return not _exists(pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
