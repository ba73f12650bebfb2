"""A pipe that only the supervisor holds open: when it dies, however it dies, its children know.

Rules:

- The supervisor holds the only writing end, and never writes; each child has the reading end.
- End of file there means that the supervisor is gone. The child then asks itself to stop kindly,
  as if it had got SIGTERM, and kills its whole group at its exit, or when that does not come: what
  it started has nobody else to end it.

A thread waits for it, so that a blocked event loop dies as well; unlike PR_SET_PDEATHSIG this
has no race at the start, does not depend on the thread that spawned, and works on every Unix.
"""

import atexit
import os
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

LIFELINE = "KITFOX_LIFELINE"  # the environment variable with the descriptor


class Lifeline:
    """The supervisor's side: a context manager with the descriptor to hand to children."""

    def __init__(self, left: tuple[int, int] | None = None) -> None:
        self.fd, self._held = left or os.pipe()

    @property
    def ends(self) -> tuple[int, int]:
        """Both descriptors, for the program that takes this process over."""
        return self.fd, self._held

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.fd)
        os.close(self._held)


def signal_self(signal_: signal.Signals) -> None:
    """Send this process a signal; SIGKILL goes to the whole group when it leads one."""
    if signal_ is signal.SIGKILL and os.getpgrp() == os.getpid():
        os.killpg(0, signal_)
    os.kill(os.getpid(), signal_)


def hold_lifeline(
    fd: int, grace: float, end: Callable[[signal.Signals], None] = signal_self
) -> None:
    """Watch the reading end in a thread: `end(SIGTERM)` at its end, `end(SIGKILL)` after grace.

    Raises OSError when there is no such descriptor.
    """
    os.set_inheritable(fd, False)  # noqa: FBT003 - the standard library's signature
    threading.Thread(target=_wait, args=(fd, grace, end), name="lifeline", daemon=True).start()


def _wait(fd: int, grace: float, end: Callable[[signal.Signals], None]) -> None:
    while os.read(fd, 1):
        pass
    atexit.register(end, signal.SIGKILL)
    end(signal.SIGTERM)
    threading.Event().wait(grace)
    end(signal.SIGKILL)
