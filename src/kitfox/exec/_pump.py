"""Pumps between a pipe and this process: each runs by callbacks, and needs no task.

Rules:

- A pump closes its pipe once: at the end, at its first error, or when it is stopped.
- `done` is set then. An error is told to `failed` first, and the pump is no longer there.
"""

import asyncio
import os
from collections.abc import Callable

from kitfox.exec._capture import Sink
from kitfox.exec._pipe import read_chunk

_AT_ONCE = 32  # pieces; more than a pipe or a terminal can hold

Failed = Callable[[Exception], None]


class Drain:
    """Carries what a command writes from `fd` into `sink`; `asked` when the user named the sink."""

    def __init__(self, fd: int, sink: Sink, *, asked: bool) -> None:
        os.set_blocking(fd, False)
        self.asked = asked
        self.done = asyncio.get_running_loop().create_future()
        self._fd = fd
        self._sink = sink
        self._failed: Failed = _nobody

    def start(self, failed: Failed) -> None:
        """Begin."""
        self._failed = failed
        self.done.get_loop().add_reader(self._fd, self._carry)

    def stop(self) -> None:
        """Take what is there already, and close; whoever goes on writing is not listened to."""
        for _ in range(_AT_ONCE):
            if self.done.done() or not self._carry():
                break
        self._close()

    def _carry(self) -> bool:
        """Carry one piece; return whether there may be another at once."""
        try:
            data = read_chunk(self._fd)
            if data:
                self._sink.write(data)
                return True
        except BlockingIOError:
            return False
        except Exception as error:  # noqa: BLE001  whatever the sink may raise, `wait` raises
            self._failed(error)
        self._close()
        return False

    def _close(self) -> None:
        if not self.done.done():
            self.done.get_loop().remove_reader(self._fd)
            os.close(self._fd)
            self.done.set_result(None)


class Feed:
    """Carries `data` to a command's stdin; that it does not read it all is no error."""

    def __init__(self, fd: int, data: bytes) -> None:
        os.set_blocking(fd, False)
        self.done = asyncio.get_running_loop().create_future()
        self._fd = fd
        self._rest = memoryview(data)

    def start(self) -> None:
        """Begin."""
        self.done.get_loop().add_writer(self._fd, self._carry)

    def stop(self) -> None:
        """Close, whatever is left."""
        if not self.done.done():
            self.done.get_loop().remove_writer(self._fd)
            os.close(self._fd)
            self.done.set_result(None)

    def _carry(self) -> None:
        try:
            self._rest = self._rest[os.write(self._fd, self._rest) :]
        except BlockingIOError:
            return
        except OSError:  # nobody reads it any more
            self.stop()
        if not self._rest:
            self.stop()


def _nobody(error: Exception) -> None:
    """Hear of no error before the start."""
