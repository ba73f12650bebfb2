"""Telling whoever runs a supervisor, systemd say, how its system does.

It is ready when each process has had its chance, whether it took it or not: one that cannot start
is no reason to end the others, and the supervisor goes on trying.
"""

from collections.abc import Sequence

from kitfox.app import Telling
from kitfox.supervisor import Row


class SystemHerald:
    """Tells of a system as it tells of its processes."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._is_ready = False
        self._is_stopping = False
        self._status = ""

    def changed(self, rows: Sequence[Row]) -> None:
        """Hear how the processes do."""
        if self._is_stopping:
            return
        serving = sum(row.state.serves for row in rows)
        if (status := f"{serving} of {len(rows)} ready") != self._status:
            self._status = status
            self._telling.status(status)
        if not self._is_ready and all(row.state.is_settled for row in rows):
            self._is_ready = True
            self._telling.ready()

    def reload(self) -> None:
        """Read the configuration again, and say so."""
        self._telling.reload()

    def stopping(self) -> None:
        """Begin to stop."""
        self._is_stopping = True
        self._telling.stopping()
