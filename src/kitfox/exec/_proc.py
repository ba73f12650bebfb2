"""The processes of the machine, as /proc shows them.

One reading costs 20 µs or more for each process, so all who ask in one turn of the loop share it.
No harm is in that: whoever ended since is no matter, and whoever began since is in the next one.
"""

import asyncio
import os
from collections.abc import Iterator
from functools import lru_cache

from kitfox.exec._environment import read_marks
from kitfox.exec._family import Census, Row, Words, read_stat

_PROC = "/proc"
_PIECE = 64 * 1024  # bytes
_TRIES = 3
_PASSES = 10  # each is short after the first; more would mean that processes never cease to come


class _Turn:
    """The census of the running turn of a loop, taken when it is first asked for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._census: Census | None = None

    def census(self, pid: int) -> Census:
        if self._census is None:
            self._loop.call_soon(self._forget)
        elif pid in self._census.rows:
            return self._census
        self._census = Census(_rows(), _marks)
        return self._census

    def _forget(self) -> None:
        self._census = None


@lru_cache(maxsize=1)
def _turn_of(loop: asyncio.AbstractEventLoop) -> _Turn:
    return _Turn(loop)


def census(pid: int) -> Census:
    """Give all processes of this machine, `pid` among them; none where there is no /proc."""
    return _turn_of(asyncio.get_running_loop()).census(pid)


def row(pid: int) -> Row | None:
    """Read about one process; None when there is none."""
    stat = _read(pid, "stat")
    return read_stat(stat) if stat else None


def _rows() -> Iterator[Row]:
    """Read about all, then about those that came meanwhile, until nobody did.

    Who ends before being read about may have had a child by then, which is among those.
    """
    read: set[str] = set()
    for _ in range(_PASSES):
        new = _numbers() - read
        if not new:
            break
        read |= new
        for name in new:
            if (found := row(int(name))) is not None:
                yield found


def _numbers() -> set[str]:
    try:
        return set(filter(str.isdigit, os.listdir(_PROC)))  # noqa: PTH208  a quarter of paths' cost
    except OSError:
        return set()


def _marks(pid: int) -> Words | None:
    """Read a process's words; None while it executes a program, and has no environment.

    It has no arguments then, either. Who has arguments only is asked again: its environment may
    have come in between, and the next program may be coming already.
    """
    for _ in range(_TRIES):
        if environ := _read(pid, "environ"):
            return read_marks(environ)
        if not _read(pid, "cmdline"):
            return None if _lives(pid) else frozenset()
    return frozenset()


def _lives(pid: int) -> bool:
    found = row(pid)
    return found is not None and not found.dead


def _read(pid: int, what: str) -> bytes:
    """Read a file about a process; b"" when it is gone, or another user's."""
    try:
        fd = os.open(f"{_PROC}/{pid}/{what}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return _whole(fd)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _whole(fd: int) -> bytes:
    pieces: list[bytes] = []
    while piece := os.read(fd, _PIECE):
        pieces.append(piece)
    return b"".join(pieces)
