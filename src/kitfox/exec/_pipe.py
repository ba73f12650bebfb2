"""Our ends of a command's pipes: read and written when the task asks, so that both sides wait.

Nothing is read ahead of its reader, and a write is over when the pipe has taken it: a slow reader
holds the command up, and a slow command its writer, whatever the size.
"""

import asyncio
import errno
import os
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

from kitfox.exec._capture import Capture
from kitfox.exec._closing import Closing
from kitfox.exec._errors import LineTooLongError, WaitDelayError

CHUNK = 64 * 1024  # bytes; what a pipe of Linux holds
LINE_LIMIT = 1024 * 1024  # bytes
WHOLE_LIMIT = 16 * 1024 * 1024  # bytes


def read_chunk(fd: int, size: int = CHUNK) -> bytes:
    """Read what is there, b"" at the end; BlockingIOError when nothing is there yet.

    A terminal that nobody holds open any more fails with EIO; that is its end.
    """
    try:
        return os.read(fd, size)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""


class _PipeEnd(Closing):
    """One end that we hold; it is closed when forgotten, with a warning."""

    __slots__ = ("_fd", "_unwatch", "_waiter")

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._waiter: asyncio.Future[None] | None = None
        self._unwatch: Callable[[], object] | None = None

    @property
    def closed(self) -> bool:
        """Whether this end is closed."""
        return self._fd < 0

    async def aclose(self) -> None:
        """Close this end; a task that waits for it gets ValueError."""
        self.close_nowait()

    def close_nowait(self) -> None:
        """Do what `aclose` does: to close a pipe takes no time."""
        self._wake()
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _open_fd(self) -> int:
        if self._fd < 0:
            raise ValueError("the pipe is closed")
        return self._fd

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._woken(loop.add_reader, loop.remove_reader)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._woken(loop.add_writer, loop.remove_writer)

    async def _woken(
        self,
        watch: Callable[[int, Callable[[], None]], object],
        unwatch: Callable[[int], object],
    ) -> None:
        if self._waiter is not None:
            raise RuntimeError("another task waits for this pipe already")
        self._waiter = asyncio.get_running_loop().create_future()
        fd = self._fd
        watch(fd, self._wake)
        self._unwatch = lambda: unwatch(fd)
        try:
            await self._waiter
        finally:
            self._wake()

    def _wake(self) -> None:
        """Watch no longer, always before the fd is closed and its number is another's."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) >= 0:
            warnings.warn(f"unclosed pipe {self._fd}", ResourceWarning, source=self, stacklevel=2)
            os.close(self._fd)


class PipeReader(_PipeEnd):
    """What a command writes, as bytes or by the line; for one task at a time."""

    __slots__ = ("_expires_at", "_kept")

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        self._kept = bytearray()  # read, and not asked for yet
        self._expires_at: float | None = None

    def expire_at(self, at: float) -> None:
        """From `at` on, the loop's time, give what is there, but wait for no more."""
        self._expires_at = at
        self._wake()

    async def read(self, size: int = CHUNK) -> bytes:
        """Read at least one and at most `size` bytes; b"" at the end."""
        return self._take(size) if self._kept else await self._chunk(size)

    async def read_all(self, *, limit: int = WHOLE_LIMIT) -> bytes:
        """Read until the end; OutputTooLargeError when there are more than `limit` bytes."""
        whole = Capture(limit)
        while data := await self.read():
            whole.write(data)
        return whole.getvalue()

    async def readline(self, *, limit: int = LINE_LIMIT) -> bytes:
        r"""Read to the next b"\n", and with it; what has none is the last line; b"" at the end.

        LineTooLongError when there is none within `limit` bytes; `read` still gets them.
        """
        seen = 0
        while (end := self._kept.find(b"\n", seen)) < 0 and len(self._kept) <= limit:
            seen = len(self._kept)
            data = await self._chunk(CHUNK)
            if not data:
                return self._take(seen)
            self._kept += data
        if not 0 <= end <= limit:
            raise LineTooLongError(f"a line is longer than {limit} bytes")
        return self._take(end + 1)

    def lines(self, *, limit: int = LINE_LIMIT) -> AsyncIterator[str]:
        """Give each line, as UTF-8 and without its end; LineTooLongError beyond `limit` bytes."""
        return Lines(self, limit)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._kept[:size])
        del self._kept[:size]
        return taken

    async def _chunk(self, size: int) -> bytes:
        while True:
            try:
                return read_chunk(self._open_fd(), size)
            except BlockingIOError:
                await self._more()

    async def _more(self) -> None:
        """Wait for more; WaitDelayError when it is time to wait no longer."""
        if self._expires_at is None:
            await self._readable()
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._expires_at:
            raise WaitDelayError("the command ended, but others hold its output open")
        timer = loop.call_at(self._expires_at, self._wake)
        try:
            await self._readable()
        finally:
            timer.cancel()


class Lines:
    """The lines of one output; to leave them early needs no tidying up, as a generator would."""

    def __init__(
        self, reader: PipeReader, limit: int, at_end: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        self._reader = reader
        self._limit = limit
        self._at_end = at_end

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        if line := await self._reader.readline(limit=self._limit):
            return line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="replace")
        if self._at_end is not None:
            await self._at_end()
        raise StopAsyncIteration


class PipeWriter(_PipeEnd):
    """What a command reads; closing it is the end of its input."""

    __slots__ = ()

    async def write(self, data: bytes) -> None:
        """Write all of `data`; BrokenPipeError when nobody reads any more."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._open_fd(), rest) :]
            except BlockingIOError:
                await self._writable()
