"""The last-known sets on disk, so that a client can start while the registry is away."""

import contextlib
import hashlib
import logging
import os
import tempfile
from pathlib import Path

import msgspec

from kitfox.registry._instance import Instance

_log = logging.getLogger("kitfox.registry")
_SUFFIX = ".instances.json"


class CachedSet(msgspec.Struct, frozen=True):
    """A set of instances, and when (Unix time, seconds) a registry last vouched for it."""

    service: str
    saved_at: float
    instances: tuple[Instance, ...]


class DiskCache:
    """One small file for each service. What it cannot read it does not know. Its calls block.

    Files are replaced whole, so that a reader, or a crash, never meets half of one.
    """

    def __init__(self, directory: Path, *, files: int = 1_000, size: int = 1 << 20) -> None:
        """Keep at most `files` files of at most `size` bytes in `directory`."""
        self._directory = directory
        self._files = files
        self._size = size

    def load(self, service: str) -> CachedSet | None:
        """Return what was saved last, or None if nothing was or it cannot be read."""
        try:
            cached = msgspec.json.decode(self._path(service).read_bytes(), type=CachedSet)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("the cached instances of %s cannot be read: %s", service, error)
            return None
        return cached if cached.service == service else None

    def save(self, cached: CachedSet) -> None:
        """Replace what is saved of the service. A set that is too large is not saved.

        Raises OSError.
        """
        content = msgspec.json.encode(cached)
        if len(content) > self._size:
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        self._make_room(self._path(cached.service))
        _replace(self._path(cached.service), content)

    def _path(self, service: str) -> Path:
        digest = hashlib.sha256(service.encode()).hexdigest()[:32]
        return self._directory / f"{digest}{_SUFFIX}"

    def _make_room(self, newcomer: Path) -> None:
        if newcomer.exists():
            return
        files = sorted(self._directory.glob(f"*{_SUFFIX}"), key=_age)
        for path in files[: len(files) - self._files + 1]:
            path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
