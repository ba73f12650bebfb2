"""How many connections each process has open of those that came to one listening socket.

Whoever opens the socket makes the memory; the processes that listen at it inherit both. Each takes
a place, which is its own by a lock of the kernel's: it is free again when the process is gone,
however it went, while the count of a dead process stays until somebody takes the place.
"""

import fcntl
import mmap
import os
import stat
from typing import Self

_PLACE = 4  # bytes, of an aligned integer that is one more than the count; 0 is nobody's


class Tally:
    """One process's view of the counts: its own, and those of the others."""

    def __init__(self, memory: mmap.mmap, place: int) -> None:
        self._memory = memory
        self._counts = memoryview(memory).cast("I")
        self._place = place
        self.count(0)

    @classmethod
    def join(cls, fd: int) -> Self | None:
        """Take a place in the memory of a descriptor; None when all are taken.

        A process has one place at most: to the kernel, all its locks are one owner's.
        """
        for place in range(os.fstat(fd).st_size // _PLACE):
            try:
                fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                continue
            return cls(mmap.mmap(fd, 0), place)
        return None

    def count(self, connections: int) -> None:
        """Tell the others how many connections this process has open."""
        self._counts[self._place] = connections + 1

    def others(self) -> dict[int, int]:
        """Return how many connections the others have open, by their places."""
        counts = enumerate(self._counts)
        return {place: kept - 1 for place, kept in counts if kept and place != self._place}

    def leave(self) -> None:
        """Be counted no more; the place is free when the descriptor is closed."""
        self._counts[self._place] = 0
        self._counts.release()
        self._memory.close()


def open_tally(processes: int) -> int:
    """Make memory in which so many processes, and their successors beside them, can be counted.

    Returns its descriptor, which no child inherits unless it is handed over.
    """
    fd = os.memfd_create("kitfox connections", os.MFD_CLOEXEC)
    os.ftruncate(fd, 2 * processes * _PLACE)
    return fd


def is_tally(fd: int) -> bool:
    """Whether a descriptor that was handed over is that of such memory."""
    return stat.S_ISREG(os.fstat(fd).st_mode)
