"""Frames on the disk, first in, first out: what a process has to say while nobody listens.

Rules:
- A spool is a folder of files; the last one grows, the first one is read. A file whose frames
  have all been taken goes, or is emptied when it is the last.
- A frame leaves only when its receiver has acknowledged it. After a crash one may be delivered
  again; its receiver knows it by its number.
- Nothing is fsynced: a spool survives the end of its process, not of its machine.
"""

import os
import threading
from collections import deque
from pathlib import Path

from kitfox.services.logs._files import make_folder, open_growing, write_all
from kitfox.services.logs._framing import HEAD_BYTES, frame, spans

_FILES = 8


class Spool:
    """A queue of frames of at most `most` bytes, all in all. Any thread may use it."""

    def __init__(self, folder: Path, most: int) -> None:
        make_folder(folder)
        self._folder = folder
        self._most = most
        self._lock = threading.Lock()
        paths = sorted(folder.glob("*.spool"))
        self._next = int(paths[-1].stem) + 1 if paths else 1
        self._files = deque(_SpoolFile(path) for path in paths)
        self._count = sum(len(file.spans) for file in self._files)
        self._drop_empty()

    def __len__(self) -> int:
        """Return how many frames are left; this waits for no disk."""
        return self._count

    @property
    def size(self) -> int:
        """How many bytes of disk the spool takes."""
        return sum(file.size for file in self._files)

    def append(self, payload: bytes) -> bool:
        """Add a frame; False when there is no room for it.

        Raises:
            OSError: the disk refused.
        """
        data = frame(payload)
        with self._lock:
            if self.size + len(data) > self._most:
                return False
            self._growing_file().append(data)
            self._count += 1
            return True

    def first(self) -> bytes | None:
        """Return the payload of the first frame."""
        with self._lock:
            return self._files[0].first() if self._count else None

    def drop_first(self) -> None:
        """Take the first frame away."""
        with self._lock:
            self._files[0].spans.popleft()
            self._count -= 1
            self._drop_empty()

    def close(self) -> None:
        """Close the files; an empty spool leaves none."""
        while self._files:
            file = self._files.popleft()
            file.close()
            if not file.spans:
                file.path.unlink()

    def _growing_file(self) -> "_SpoolFile":
        """Return the last file, or one after it when it has its share of the room."""
        if not self._files or self._files[-1].size >= self._most // _FILES:
            self._files.append(_SpoolFile(self._folder / f"{self._next:08}.spool"))
            self._next += 1
        return self._files[-1]

    def _drop_empty(self) -> None:
        while len(self._files) > 1 and not self._files[0].spans:
            file = self._files.popleft()
            file.close()
            file.path.unlink()
        if self._files and not self._files[0].spans:
            self._files[0].clear()


class _SpoolFile:
    """One file of a spool, and where the frames that are left stand in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = open_growing(path)
        self.spans = deque(spans(path.read_bytes()))
        self.size = self.spans[-1][1] if self.spans else 0
        os.ftruncate(self._fd, self.size)

    def append(self, data: bytes) -> None:
        """Write a frame at the end; one that fails leaves no trace."""
        try:
            write_all(self._fd, data, self.size)
        except OSError:
            os.ftruncate(self._fd, self.size)
            raise
        self.spans.append((self.size + HEAD_BYTES, self.size + len(data)))
        self.size += len(data)

    def first(self) -> bytes:
        """Return the first payload that is left."""
        start, end = self.spans[0]
        return os.pread(self._fd, end - start, start)

    def clear(self) -> None:
        """Give the disk back."""
        os.ftruncate(self._fd, 0)
        self.size = 0

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)
