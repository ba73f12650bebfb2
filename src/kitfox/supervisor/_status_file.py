"""The table of processes as a file, for whoever wants to know it without asking the supervisor."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kitfox.supervisor._process_table import Row


class Status(msgspec.Struct, frozen=True):
    """The contents of the file: the supervisor's pid, where it can be asked, and all rows."""

    pid: int
    processes: tuple[Row, ...]
    supervisor: str = ""


class StatusFile:
    """Replaced whole at each change, so that a reader never sees half of it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Status | None:
        """Return what was written; None where nothing was. Raises OSError."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Status)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def write(self, rows: Sequence[Row], supervisor: str = "") -> None:
        """Write the rows, and where the supervisor can be asked."""
        new = self._file.with_suffix(".new")
        status = msgspec.json.encode(Status(os.getpid(), tuple(rows), supervisor))
        new.write_bytes(msgspec.json.format(status, indent=2) + b"\n")
        new.replace(self._file)
