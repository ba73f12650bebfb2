"""Changes to files that are on the disk when the call returns. The caller is in a worker thread."""

import fcntl
import os
from pathlib import Path

PRIVATE = 0o600
_PRIVATE_FOLDER = 0o700


def make_folder(folder: Path) -> None:
    """Create a folder that only its owner can read, if there is none."""
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)


def open_growing(path: Path) -> int:
    """Open a file for reading and writing, created private if there is none."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)


def write_all(fd: int, data: bytes, offset: int) -> None:
    """Write the whole of `data` at `offset`; a plain write may stop half way."""
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in place in one step: whoever looks sees all of it or nothing."""
    draft = path.with_name(path.name + ".tmp")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
    try:
        write_all(fd, data, 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the creation, renaming and removal of files in a folder last."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def lock_file(path: Path) -> int:
    """Lock a file for as long as the returned descriptor is open.

    Raises:
        BlockingIOError: another process holds it.
    """
    fd = open_growing(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise BlockingIOError(error.errno, "another process uses this folder", str(path)) from error
    return fd
