"""The three streams of a command: the ends that it gets, and those that we keep."""

import asyncio
import os
import subprocess
import termios
from collections.abc import AsyncIterable

from kitfox.exec._capture import HeadAndTail, Sink
from kitfox.exec._options import Options, Stderr, Stdin, Stdout, Stream, Terminal
from kitfox.exec._pipe import PipeReader, PipeWriter
from kitfox.exec._places import Nowhere, Source, Target, source_of, target_of
from kitfox.exec._pump import Drain, Failed, Feed

_END_OF_INPUT = b"\x04"  # to a terminal, at the start of a line


class Streams:
    """All ends of one command; `aclose` closes what is still open, whatever happened between."""

    def __init__(self) -> None:
        self.theirs: list[int] = []  # stdin, stdout, stderr, as Popen takes them
        self.stdin: PipeWriter | None = None
        self.stdout: PipeReader | None = None
        self.stderr: PipeReader | None = None
        self.tail: HeadAndTail | None = None
        self.terminal: int | None = None  # our end
        self._lent: list[int] = []  # ends that are ours only until the command has them
        self._drains: list[Drain] = []
        self._feed: Feed | None = None
        self._source: AsyncIterable[bytes] | None = None
        self._pouring: asyncio.Task[None] | None = None

    def open(self, options: Options) -> None:
        """Open all that the options ask for; ValueError, TypeError for what cannot be."""
        stdin, stdout = options.get("stdin"), options.get("stdout")
        stderr = options.get("stderr")
        if (terminal := options.get("terminal")) is not None:
            self._open_terminal(terminal, stdin, stdout, stderr)
            return
        self.theirs.append(self._open_stdin(source_of(stdin)))
        theirs, self.stdout = self._open_output(target_of("stdout", stdout))
        self.theirs.append(theirs)
        if stderr is Stream.STDOUT or (stderr is stdout and isinstance(stderr, Sink)):
            self.theirs.append(theirs)
        elif stderr is None:
            self.theirs.append(self._open_tail())
        else:
            theirs, self.stderr = self._open_output(target_of("stderr", stderr))
            self.theirs.append(theirs)

    def _open_stdin(self, source: Source) -> int:
        if isinstance(source, int):
            return source
        theirs, ours = os.pipe()
        self._lent.append(theirs)
        self._supply(ours, source)
        return theirs

    def _open_output(self, target: Target) -> tuple[int, PipeReader | None]:
        if isinstance(target, int):
            return target, None
        ours, theirs = os.pipe()
        self._lent.append(theirs)
        return theirs, self._collect(ours, target)

    def _open_tail(self) -> int:
        """Keep what nobody asked for, in case that it is the reason of a failure."""
        ours, theirs = os.pipe()
        self._lent.append(theirs)
        self.tail = HeadAndTail()
        self._drains.append(Drain(ours, self.tail, asked=False))
        return theirs

    def _open_terminal(self, size: Terminal, stdin: Stdin, stdout: Stdout, stderr: Stderr) -> None:
        source, target = source_of(stdin), target_of("stdout", stdout)
        if stderr is not None or _leads_away(source) or _leads_away(target):
            raise ValueError("a terminal: stdin, stdout and stderr lead there, and nowhere else")
        self.terminal, theirs = os.openpty()
        self._lent.append(theirs)
        self.theirs += [theirs] * 3
        termios.tcsetwinsize(self.terminal, (size.rows, size.columns))
        if isinstance(source, int | bytes):
            source = (b"" if isinstance(source, int) else source) + _END_OF_INPUT * 2
        self._supply(os.dup(self.terminal), source)
        sink = Nowhere() if isinstance(target, int) else target
        self.stdout = self._collect(os.dup(self.terminal), sink)

    def _supply(self, fd: int, source: bytes | AsyncIterable[bytes] | Stream) -> None:
        """Let what `source` gives go into our end."""
        if isinstance(source, bytes):
            self._feed = Feed(fd, source)
            return
        self.stdin = PipeWriter(fd)
        if not isinstance(source, Stream):
            self._source = source

    def _collect(self, fd: int, target: Sink | Stream) -> PipeReader | None:
        """Read our end into a sink, or by a reader."""
        if isinstance(target, Stream):
            return PipeReader(fd)
        self._drains.append(Drain(fd, target, asked=not isinstance(target, Nowhere)))
        return None

    def start(self, failed: Failed) -> None:
        """Close what the command has now, and begin to carry; an error is told to `failed`."""
        self._close_lent()
        for drain in self._drains:
            drain.start(failed)
        if self._feed is not None:
            self._feed.start()
        if self._source is not None and self.stdin is not None:
            self._pouring = asyncio.create_task(_pour(self._source, self.stdin, failed))

    async def outputs_end(self, seconds: float) -> bool:
        """Wait until what was asked for is read to its end; False when it is still held open."""
        asked = [drain.done for drain in self._drains if drain.asked]
        if not asked:
            return True
        _, held = await asyncio.wait(asked, timeout=seconds)
        return not held

    def expire_in(self, seconds: float) -> None:
        """Let readers wait so long for those who still hold their pipes."""
        at = asyncio.get_running_loop().time() + seconds
        for reader in (self.stdout, self.stderr):
            if reader is not None:
                reader.expire_at(at)

    async def stop_pumps(self) -> None:
        """Take what was written until now, and carry no more; readers can read on."""
        self._stop_pumps_nowait()
        if self._pouring is not None:
            await asyncio.wait([self._pouring])

    def _stop_pumps_nowait(self) -> None:
        if self._pouring is not None:
            self._pouring.cancel()
        for drain in self._drains:
            drain.stop()
        if self._feed is not None:
            self._feed.stop()
        if self._source is not None and self.stdin is not None:
            self.stdin.close_nowait()
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None

    async def aclose(self) -> None:
        """Close everything."""
        try:
            await self.stop_pumps()
        finally:
            self.close_nowait()

    def close_nowait(self) -> None:
        """Close everything, and wait for nobody."""
        self._close_lent()
        self._stop_pumps_nowait()
        for end in (self.stdin, self.stdout, self.stderr):
            if end is not None:
                end.close_nowait()

    def _close_lent(self) -> None:
        while self._lent:
            os.close(self._lent.pop())


async def _pour(source: AsyncIterable[bytes], writer: PipeWriter, failed: Failed) -> None:
    try:
        async for data in source:
            await writer.write(data)
    except BrokenPipeError:  # it wants no more
        pass
    except Exception as error:  # noqa: BLE001  whatever the source may raise, `wait` raises
        failed(error)
    await writer.aclose()


def _leads_away(place: Source | Target) -> bool:
    return isinstance(place, int) and place != subprocess.DEVNULL
