"""Who belongs to a command, read from what /proc says of each process. No I/O here.

A process belongs when its session is the command's, when its parent belongs, when it belonged
before, or when its environment has the command's mark. The last finds those that left everything
else behind, as daemons do: their parent ended and they opened a session of their own.

While a process becomes another program, its environment cannot be read; whether it belongs, is
unsure until then.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_DEAD = frozenset({b"Z", b"X", b"x"})
_KERNEL = 0x00200000  # PF_KTHREAD: a thread of the kernel's own

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One process: `started` is in the kernel's ticks since boot."""

    pid: int
    state: bytes
    parent: int
    session: int
    started: int
    kernel: bool = False

    @property
    def dead(self) -> bool:
        """Whether it has ended, and only its parent has not asked how."""
        return self.state in _DEAD


@dataclass(frozen=True, slots=True)
class Sight:
    """Those of a command whom a look saw alive; `unsure` when there may be others."""

    alive: frozenset[int] = frozenset()
    unsure: bool = False


def read_stat(text: bytes) -> Row:
    """Read /proc/PID/stat, proc_pid_stat(5); a program's name there may be `a) b (c`."""
    pid = text.partition(b" ")[0]
    fields = text.rpartition(b")")[2].split(None, 20)
    kernel = bool(int(fields[6]) & _KERNEL)
    return Row(int(pid), fields[0], int(fields[1]), int(fields[3]), int(fields[19]), kernel)


class Census:
    """All processes at one moment.

    `marks` reads the words that a process is marked with; None when that cannot be done just now.
    """

    def __init__(self, rows: Iterable[Row], marks: Callable[[int], Words | None]) -> None:
        self.rows = {row.pid: row for row in rows}
        self._marks = marks
        self._read: dict[int, Words | None] = {}
        self._sessions: dict[int, list[int]] = {}
        self._children: dict[int, list[int]] = {}
        for row in self.rows.values():
            self._sessions.setdefault(row.session, []).append(row.pid)
            self._children.setdefault(row.parent, []).append(row.pid)

    def family(self, root: int, word: str, known: Iterable[int]) -> Sight:
        """Give those alive that belong to `root`, a command whose number is still its own."""
        ours = {root, *self._sessions.get(root, ()), *known} & self.rows.keys()
        self._add_descendants(ours)
        born = self.rows[root].started if root in ours else 0
        marks = {pid: self._words(pid) for pid in self._strangers(born, ours)}
        ours |= {pid for pid, words in marks.items() if words is not None and word in words}
        self._add_descendants(ours)
        alive = frozenset(pid for pid in ours if not self.rows[pid].dead)
        return Sight(alive, unsure=None in marks.values())

    def _strangers(self, born: int, ours: set[int]) -> list[int]:
        """Find those alive who are no older than the command, and may be marked."""
        return [
            row.pid
            for row in self.rows.values()
            if row.started >= born and row.pid not in ours and not (row.dead or row.kernel)
        ]

    def _words(self, pid: int) -> Words | None:
        """Read a process's marks once, for all who ask."""
        if pid not in self._read:
            self._read[pid] = self._marks(pid)
        return self._read[pid]

    def _add_descendants(self, ours: set[int]) -> None:
        ahead = list(ours)
        while ahead:
            children = self._children.get(ahead.pop(), ())
            new = [child for child in children if child not in ours]
            ours.update(new)
            ahead += new
