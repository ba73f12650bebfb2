"""Where each stream of a command leads: to a file descriptor of its own, or to an end of ours."""

import contextlib
import os
import subprocess
from collections.abc import AsyncIterable
from typing import Literal

from kitfox.exec._capture import Sink
from kitfox.exec._options import HasFileno, Stderr, Stdin, Stream

# A file descriptor, or Popen's word for none; else what our end of a pipe is for.
Source = int | bytes | AsyncIterable[bytes] | Literal[Stream.PIPE]
Target = int | Sink | Literal[Stream.PIPE]

_INHERITED = {"stdin": 0, "stdout": 1, "stderr": 2}


def source_of(stdin: Stdin) -> Source:
    """Say where stdin comes from; TypeError, ValueError."""
    place = _place("stdin", stdin)
    if place is not None:
        return place
    if stdin is Stream.PIPE or isinstance(stdin, bytes | AsyncIterable):
        return stdin
    raise TypeError(f"stdin: bytes, an asynchronous iterator or a file, not {_what(stdin)}")


def target_of(name: Literal["stdout", "stderr"], stream: Stderr) -> Target:
    """Say where an output goes; TypeError, ValueError."""
    place = _place(name, stream)
    if place is not None:
        return place
    if stream is Stream.PIPE or isinstance(stream, Sink):
        return stream
    raise TypeError(f"{name}: something with write(bytes) or a file, not {_what(stream)}")


def check_open(name: str, fd: int) -> None:
    """Raise ValueError when no file of ours has this descriptor."""
    try:
        os.fstat(fd)
    except (OSError, OverflowError):
        raise ValueError(f"{name}: {fd} is no open file descriptor") from None


def _place(name: str, stream: Stdin | Stderr) -> int | None:
    match stream:
        case None | Stream.DEVNULL:
            return subprocess.DEVNULL
        case Stream.INHERIT:
            return _INHERITED[name]
        case int():
            check_open(name, stream)
            return stream
        case HasFileno():
            with contextlib.suppress(OSError):  # io.BytesIO has the method, but no descriptor
                return stream.fileno()
        case _:
            pass
    return None


def _what(stream: object) -> str:
    """Name what was given without showing it: it may be the data itself."""
    return stream.name if isinstance(stream, Stream) else type(stream).__name__


class Nowhere:
    """Forgets what is written."""

    def write(self, data: bytes, /) -> None: ...
