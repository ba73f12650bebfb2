"""The processes of a system: what each is doing now. Pure; time is monotonic and passed in.

Rules:

    waiting ──> starting ──> ready <──> restarting ──> starting
                 ↑  │          │            │
                 │  └────┬─────┴────────────┴──> stopping ──> stopped
                 │       ↓
                 └── backing off ──> stopped          waiting ──> stopped

- A process that ends unasked backs off, or has failed when another try could not help.
- While it restarts, the one that is to go still serves; the one that is to come runs beside it.
  The new one takes the place of the old when it is ready, or when the old one ends.
- Only a process that runs has a pid, and only one that serves or is stopping has addresses. Those
  that were replaced are listed until they have ended, whatever the state.
- stopped is for good; so is failed, unless a restart is asked for.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec


class State(StrEnum):
    """What a process is doing."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    BACKING_OFF = "backing off"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def serves(self) -> bool:
        """Whether there is a process that listens."""
        return self in (State.READY, State.RESTARTING)

    @property
    def is_settled(self) -> bool:
        """Whether the process has had its chance, and is where it will be for now."""
        return self in (State.READY, State.BACKING_OFF, State.FAILED)


_NEXT: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.STARTING, State.STOPPED}),
    State.STARTING: frozenset({State.READY, State.BACKING_OFF, State.STOPPING, State.FAILED}),
    State.READY: frozenset({State.RESTARTING, State.BACKING_OFF, State.STOPPING, State.FAILED}),
    State.RESTARTING: frozenset({State.READY, State.STARTING, State.STOPPING}),
    State.BACKING_OFF: frozenset({State.STARTING, State.STOPPED}),
    State.STOPPING: frozenset({State.STOPPED}),
    State.STOPPED: frozenset(),
    State.FAILED: frozenset({State.STARTING}),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One process as the table shows it."""

    name: str
    state: State = State.WAITING
    pid: int | None = None
    addresses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()  # that it serves or calls, as it last said
    status: str = ""  # its own words, or how it ended
    restarts: int = 0  # because it ended unasked
    heir: int | None = None  # the pid of the one that is to take its place
    leaving: tuple[int, ...] = ()  # the pids of those that it replaced, and that finish what runs


class ProcessTable:
    """All rows; each change is one legal move, told to `changed`.

    Raises RuntimeError for a move the rules do not know: a fault of the supervisor.
    """

    def __init__(self, names: Iterable[str], changed: Callable[[Row], None]) -> None:
        self._rows = {name: Row(name=name) for name in names}
        self._changed = changed

    def add(self, name: str) -> None:
        """Have a row for one more, or for one that is there again."""
        self._rows[name] = Row(name=name)

    def row(self, name: str) -> Row:
        """Return one row; KeyError when there is none."""
        return self._rows[name]

    def starting(self, name: str) -> None:
        """Note a start, the first or another."""
        row = self._rows[name]
        again = row.state is State.BACKING_OFF
        self._move(
            row, State.STARTING, pid=None, addresses=(), status="", restarts=row.restarts + again
        )

    def runs_as(self, name: str, pid: int) -> None:
        """Note the process that the start made; while it restarts, the one that is to come."""
        row = self._rows[name]
        if row.state is State.RESTARTING:
            self._put(msgspec.structs.replace(row, heir=pid))
        else:
            self._put(msgspec.structs.replace(row, pid=pid))

    def ready(self, name: str, addresses: tuple[str, ...], services: tuple[str, ...] = ()) -> None:
        """Note that it said it serves, where, and which services it has to do with."""
        self._move(self._rows[name], State.READY, addresses=addresses, services=services)

    def restarting(self, name: str) -> None:
        """Note that another is to take its place."""
        self._move(self._rows[name], State.RESTARTING, status="")

    def replaced(self, name: str, addresses: tuple[str, ...]) -> None:
        """Note that the other one is ready, and has taken its place."""
        row = self._rows[name]
        leaving = (*row.leaving, *filter(None, [row.pid]))
        self._move(row, State.READY, pid=row.heir, heir=None, addresses=addresses, leaving=leaving)

    def left(self, name: str, pid: int) -> None:
        """Note that one that was replaced has ended."""
        row = self._rows[name]
        leaving = tuple(each for each in row.leaving if each != pid)
        self._put(msgspec.structs.replace(row, leaving=leaving))

    def goes_on(self, name: str, why: str) -> None:
        """Note that the other one has ended, and it stays."""
        self._move(self._rows[name], State.READY, heir=None, status=why)

    def inherited(self, name: str) -> None:
        """Note that it ended while another was to take its place, which now has it."""
        row = self._rows[name]
        self._move(
            row, State.STARTING, pid=row.heir, heir=None, addresses=(), restarts=row.restarts + 1
        )

    def says(self, name: str, status: str) -> None:
        """Note its own words; its state stays."""
        row = self._rows[name]
        if row.pid is not None and row.status != status:
            self._put(msgspec.structs.replace(row, status=status))

    def backing_off(self, name: str, why: str) -> None:
        """Note that it ended unasked and will be started again."""
        self._move(self._rows[name], State.BACKING_OFF, pid=None, addresses=(), status=why)

    def stopping(self, name: str) -> None:
        """Note that it was asked to end."""
        self._move(self._rows[name], State.STOPPING)

    def stopped(self, name: str, how: str = "") -> None:
        """Note that it ended as asked, or never started."""
        self._move(self._rows[name], State.STOPPED, pid=None, heir=None, addresses=(), status=how)

    def failed(self, name: str, why: str) -> None:
        """Note that it ended in a way that another start would not cure."""
        self._move(self._rows[name], State.FAILED, pid=None, addresses=(), status=why)

    def _move(self, row: Row, to: State, **changes: object) -> None:
        if to not in _NEXT[row.state]:
            raise RuntimeError(f"{row.name} is {row.state}, it cannot become {to}")
        self._put(msgspec.structs.replace(row, state=to, **changes))

    def _put(self, row: Row) -> None:
        self._rows[row.name] = row
        self._changed(row)
