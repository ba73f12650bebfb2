"""Looking whether something has changed, again and again: it works on every file system."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

_LOOK_AGAIN: Final = 1.0  # seconds between two looks at a file


async def changes(look: Callable[[], object], *, every: float = _LOOK_AGAIN) -> AsyncIterator[None]:
    """Yield each time that something looks different; it is looked at each `every` seconds."""
    seen = look()
    while True:
        await asyncio.sleep(every)
        if (now := look()) != seen:
            seen = now
            yield


def mark_of(file: Path) -> tuple[int, ...]:
    """Return what is another when a file has changed."""
    try:
        found = file.stat()
    except OSError:  # between an editor's removing it and writing it anew
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)
