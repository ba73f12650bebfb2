"""What `kitfox up` shows: the lines of all processes, and the table when it changes."""

from collections.abc import Callable, Sequence
from itertools import cycle

from kitfox.cli._output import columns, harmless
from kitfox.supervisor import Row, State

_PALETTE = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)

_Life = tuple[State, int]  # what a process does, and after how many restarts


class Screen:
    """Writes plain lines, in order, and never moves the cursor: it works in a pipe as well.

    A change of state is one line. The table follows when every process is where it will be for
    now: at the start, and each time that somebody has fallen, falls again, or is up again.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        write: Callable[[str], None],
        colour: bool,
        openable: Sequence[str] = (),
    ) -> None:
        self._width = max(map(len, (*names, "kitfox")))
        self._colours = dict(zip(names, cycle(_PALETTE), strict=False))
        self._write = write
        self._colour = colour
        self._openable = openable
        self._lives: dict[str, _Life] = dict.fromkeys(names, (State.WAITING, 0))
        self._shown: dict[str, _Life] = {}

    def line(self, name: str, text: str) -> None:
        """Show a line that a process wrote, without what would move the cursor."""
        self._write(f"{self._label(name)} | {harmless(text, colour=self._colour)}")

    def changed(self, row: Row, rows: Sequence[Row]) -> None:
        """Show a row that changed, and the whole table when that is due.

        Who was not among the rows is new; who is no longer there has parted.
        """
        before, _ = self._lives.get(row.name, (State.WAITING, 0))
        self._lives[row.name] = (row.state, row.restarts)
        if row.state is not before:
            self.line("kitfox", _sentence(row))
        if all(each.name != row.name for each in rows):
            del self._lives[row.name]
        settled = all(state.is_settled for state, _ in self._lives.values())
        if settled and self._lives != self._shown:
            self._shown = dict(self._lives)
            self._show(rows)

    def _show(self, rows: Sequence[Row]) -> None:
        for line in ("", *table_lines(rows), *self._invitations(rows), ""):
            self._write(harmless(line))

    def _invitations(self, rows: Sequence[Row]) -> list[str]:
        return [
            f"Open {address} ({row.name})"
            for row in rows
            if row.name in self._openable
            for address in row.addresses[:1]
        ]

    def _label(self, name: str) -> str:
        label = name.ljust(self._width)
        if not self._colour:
            return label
        return f"\x1b[{self._colours.get(name, 1)}m{label}\x1b[0m"


def table_lines(rows: Sequence[Row]) -> list[str]:
    """Lay the processes out: name, state, pid and where it listens, or how it fell."""
    head = ("name", "state", "pid", "restarts", "address")
    return columns([head, *(_cells(row) for row in rows)])


def _cells(row: Row) -> tuple[str, ...]:
    where = " ".join(row.addresses) or row.status
    return (row.name, row.state.value, str(row.pid or "-"), str(row.restarts), where)


def _sentence(row: Row) -> str:
    more = " ".join(row.addresses) if row.state is State.READY else row.status
    if row.state is State.READY and row.status:
        more += f" ({row.status})"
    return f"{row.name} {row.state}" + (f": {more}" if more else "")
