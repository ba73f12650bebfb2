"""Telling the processes of a system that its configuration has changed."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress

from kitfox.supervisor import Row, State


class Heralds:
    """Tells processes to read their configuration again, each as soon as it listens.

    One that is starting may have read it before it changed, and hears of it when it is ready: until
    then the signal would end it.
    """

    def __init__(self) -> None:
        self._starting: set[int | None] = set()

    def reload(self, rows: Iterable[Row]) -> None:
        """Tell all that run."""
        for row in rows:
            if row.pid is not None and row.state.serves:
                _tell(row.pid)
            if row.state is State.STARTING:
                self._starting |= {row.pid}
            self._starting |= {row.heir}

    def changed(self, row: Row) -> None:
        """Hear how a process does."""
        if row.state is State.READY and row.pid is not None and row.pid in self._starting:
            self._starting.discard(row.pid)
            _tell(row.pid)


def _tell(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGHUP)
