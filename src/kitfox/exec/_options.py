"""What may be said of a command besides its name and arguments."""

import os
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, Protocol, TypedDict, runtime_checkable

from kitfox.exec._capture import Sink
from kitfox.exec._environment import Variables


class Stream(Enum):
    """Where a stream of a command leads, when to nothing of ours."""

    PIPE = "pipe"
    INHERIT = "inherit"
    DEVNULL = "devnull"
    STDOUT = "stdout"


PIPE: Final = Stream.PIPE
INHERIT: Final = Stream.INHERIT
DEVNULL: Final = Stream.DEVNULL
STDOUT: Final = Stream.STDOUT


@runtime_checkable
class HasFileno(Protocol):
    """A file or a socket."""

    def fileno(self) -> int:
        """Give its file descriptor."""
        ...


_Anywhere = Literal[Stream.PIPE, Stream.INHERIT, Stream.DEVNULL]
Stdin = _Anywhere | bytes | AsyncIterable[bytes] | int | HasFileno | None
Stdout = _Anywhere | Sink | int | HasFileno | None
Stderr = Stdout | Literal[Stream.STDOUT]


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal of the command's own, and its size."""

    rows: int = 24
    columns: int = 80


class Options(TypedDict, total=False):
    """The options of a command, all of which may be left out.

    `cwd` is where it runs, `env` all of its variables. `stdin` is empty by default, else bytes, an
    asynchronous iterator of bytes, a file, a file descriptor, PIPE or INHERIT. `stdout` goes
    nowhere by default, else to something with `write(bytes)`, a file, a file descriptor, PIPE or
    INHERIT. `stderr` takes the same, and STDOUT; by default ExitError has its beginning and end,
    DEVNULL has none. `pass_fds` are file descriptors that it gets, under their own numbers.

    It is stopped by `polite` (SIGTERM), then killed after `grace` (5 s). What it leaves behind
    when it ends by itself is ended with `sweep`. After its end its output is read until all who
    hold it have closed it, at most for `wait_delay` (1 s). `limit` is how much `output` keeps
    (16 MiB). `terminal` gives it a terminal for its three streams. With `contain` nothing that
    it starts can get away while it runs, for 20 ms at its start (Linux).
    """

    cwd: str | os.PathLike[str] | None
    env: Variables | None
    stdin: Stdin
    stdout: Stdout
    stderr: Stderr
    pass_fds: Sequence[int]
    polite: int
    grace: float
    sweep: bool
    wait_delay: float
    limit: int
    terminal: Terminal | None
    contain: bool
