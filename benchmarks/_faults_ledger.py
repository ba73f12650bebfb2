"""A page of memory that a server of the benchmark of failure shares with who measures it.

The server counts there what it was asked, so that the count survives its being killed; it reads
there how well it is, so that it falls ill without being told by a call.
"""

import mmap
import struct
from pathlib import Path
from typing import Final

_COUNT: Final = struct.Struct("<Q")
_SECONDS: Final = struct.Struct("<d")
_ASKED, _WORK, _BROKEN = 0, 8, 16
SIZE: Final = 24

WORK: Final = 0.002  # seconds that a call takes on a server that is well


class Ledger:
    """One server's page, in a file of `SIZE` bytes."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), SIZE)

    @classmethod
    def create(cls, path: Path) -> "Ledger":
        """Make the file, of a server that is well."""
        path.write_bytes(bytes(SIZE))
        ledger = cls(path)
        ledger.heal()
        return ledger

    def close(self) -> None:
        """Let go of the page."""
        self._page.close()

    def heal(self) -> None:
        """Let the server be well."""
        self.work, self.broken = WORK, False

    @property
    def asked(self) -> int:
        """How many attempts have reached the server."""
        count: int = _COUNT.unpack_from(self._page, _ASKED)[0]
        return count

    def count(self) -> None:
        """Count an attempt; only the server does."""
        _COUNT.pack_into(self._page, _ASKED, self.asked + 1)

    @property
    def work(self) -> float:
        """How many seconds a call takes."""
        seconds: float = _SECONDS.unpack_from(self._page, _WORK)[0]
        return seconds

    @work.setter
    def work(self, seconds: float) -> None:
        _SECONDS.pack_into(self._page, _WORK, seconds)

    @property
    def broken(self) -> bool:
        """Whether each call fails at once."""
        return self._page[_BROKEN] != 0

    @broken.setter
    def broken(self, broken: bool) -> None:
        self._page[_BROKEN] = broken
