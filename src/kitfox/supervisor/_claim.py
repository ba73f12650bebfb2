"""One supervisor for one folder: a lock the kernel lets go when its holder dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyRunningError(RuntimeError):
    """Somebody else holds the claim."""

    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(f"already running (pid {pid}) in {folder}")
        self.pid = pid


class Claim:
    """A context manager; makes the folder when it is missing. Raises AlreadyRunningError.

    `fd` is the claim of the program that ran in this process before.
    """

    def __init__(self, folder: Path, fd: int | None = None) -> None:
        self._folder = folder
        self._left = fd

    @property
    def fd(self) -> int:
        """What holds the claim."""
        return self._fd

    def __enter__(self) -> Self:
        if self._left is not None:
            self._fd = self._left
            return self
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self._folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(self._fd, 20).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise AlreadyRunningError(self._folder, pid or "unknown") from None
        os.truncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)  # the file stays: unlinking it would let two hold two locks
