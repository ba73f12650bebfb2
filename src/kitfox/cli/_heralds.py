"""Telling the processes of a system that its configuration has changed."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress

from kitfox.app import ConfigError, Row, State
from kitfox.cli._reload import Reread


class Heralds:
    """Tells processes to read their configuration again, each as soon as it listens.

    One that is starting may have read it before it changed, and hears of it when it is ready: until
    then the signal would end it.
    """

    def __init__(self, reread: Reread) -> None:
        self._reread = reread
        self._starting: set[int] = set()

    def reload(self, rows: Iterable[Row]) -> str:
        """Tell all that run, unless the file is wrong; return what was done, in words."""
        try:
            config = self._reread()
        except ConfigError as error:
            return f"the policies stay as they were: {error}"
        for row in rows:
            if row.pid is not None and row.state is State.READY:
                _tell(row.pid)
            elif row.pid is not None and row.state is State.STARTING:
                self._starting.add(row.pid)
        return f"reading {config.file} again"

    def changed(self, row: Row) -> None:
        """Hear how a process does."""
        if row.state is State.READY and row.pid in self._starting:
            self._starting.discard(row.pid)
            _tell(row.pid)


def _tell(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGHUP)
