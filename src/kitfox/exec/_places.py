"""Where each stream of a command leads: to a file descriptor of its own, or to an end of ours."""

import contextlib
import subprocess
from collections.abc import AsyncIterable
from typing import Literal

from kitfox.exec._capture import Sink
from kitfox.exec._options import HasFileno, Stderr, Stdin, Stream

# A file descriptor, or Popen's word for none; else what our end of a pipe is for.
Source = int | bytes | AsyncIterable[bytes] | Literal[Stream.PIPE]
Target = int | Sink | Literal[Stream.PIPE]


def source_of(stdin: Stdin) -> Source:
    """Say where stdin comes from; TypeError, and ValueError for a number no descriptor has."""
    place = _place(stdin, inherited=0)
    if place is not None:
        return place
    if stdin is Stream.PIPE or isinstance(stdin, bytes | AsyncIterable):
        return stdin
    raise TypeError(f"stdin: bytes, an asynchronous iterator or a file, not {stdin!r:.80}")


def target_of(stream: Stderr, *, inherited: int) -> Target:
    """Say where an output goes; TypeError, and ValueError for a number no descriptor has."""
    place = _place(stream, inherited=inherited)
    if place is not None:
        return place
    if stream is Stream.PIPE or isinstance(stream, Sink):
        return stream
    raise TypeError(f"an output: something with write(bytes), or a file, not {stream!r:.80}")


def _place(stream: Stdin | Stderr, *, inherited: int) -> int | None:
    match stream:
        case None | Stream.DEVNULL:
            return subprocess.DEVNULL
        case Stream.INHERIT:
            return inherited
        case int():
            if stream < 0:
                raise ValueError(f"{stream} is no file descriptor")
            return stream
        case HasFileno():
            with contextlib.suppress(OSError):  # io.BytesIO has the method, but no descriptor
                return stream.fileno()
        case _:
            pass
    return None


class Nowhere:
    """Forgets what is written."""

    def write(self, data: bytes, /) -> None: ...
