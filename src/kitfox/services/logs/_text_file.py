"""The file of plain lines that the original log service keeps, with a limit to its size."""

import os
from pathlib import Path

from kitfox.services.logs._files import PRIVATE

_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class TextFile:
    """Lines appended to a private file. Full ones are kept, numbered, up to a limit.

    It is opened for each line, as the original does: whoever moves it away gets a new one.
    """

    def __init__(self, path: Path, size: int, kept: int) -> None:
        self._path = path
        self._size = size
        self._kept = kept

    def append(self, line: bytes) -> None:
        """Write one line.

        Raises:
            OSError: the disk refused.
        """
        if self._length() + len(line) > self._size:
            self._rotate()
        fd = os.open(self._path, _APPENDING, PRIVATE)
        try:
            os.write(fd, line)
        finally:
            os.close(fd)

    def _length(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _rotate(self) -> None:
        for number in range(self._kept - 1, -1, -1):
            if (path := self._numbered(number)).exists():
                path.replace(self._numbered(number + 1))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path
