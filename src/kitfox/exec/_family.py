"""Who belongs to a command, read from what /proc says of each process. No I/O here.

A process belongs when its session is the command's, when its parent belongs, when it belonged
before, or when its environment has the command's mark. The last finds those that left everything
else behind, as daemons do: their parent ended and they opened a session of their own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_DEAD = frozenset({b"Z", b"X", b"x"})


@dataclass(frozen=True, slots=True)
class Row:
    """One process: `started` is in the kernel's ticks since boot."""

    pid: int
    state: bytes
    parent: int
    session: int
    started: int


def read_stat(text: bytes) -> Row:
    """Read /proc/PID/stat, proc_pid_stat(5); a program's name there may be `a) b (c`."""
    pid = text.partition(b" ")[0]
    fields = text.rpartition(b")")[2].split(None, 20)
    return Row(int(pid), fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


class Census:
    """All processes at one moment; `marks` reads the words that a process is marked with."""

    def __init__(self, rows: Iterable[Row], marks: Callable[[int], frozenset[str]]) -> None:
        self.rows = {row.pid: row for row in rows}
        self._marks = marks
        self._read: dict[int, frozenset[str]] = {}
        self._sessions: dict[int, list[int]] = {}
        self._children: dict[int, list[int]] = {}
        for row in self.rows.values():
            self._sessions.setdefault(row.session, []).append(row.pid)
            self._children.setdefault(row.parent, []).append(row.pid)

    def family(self, root: int, word: str, known: Iterable[int]) -> frozenset[int]:
        """Give those alive that belong to `root`, a command whose number is still its own."""
        ours = {root, *self._sessions.get(root, ()), *known} & self.rows.keys()
        self._add_descendants(ours)
        ours |= self._marked(word, self.rows[root].started if root in ours else 0, ours)
        self._add_descendants(ours)
        return frozenset(pid for pid in ours if self.rows[pid].state not in _DEAD)

    def _marked(self, word: str, born: int, ours: set[int]) -> set[int]:
        """Find the marked among those who are no older than the command."""
        rows = self.rows.values()
        strangers = (row.pid for row in rows if row.started >= born and row.pid not in ours)
        return {pid for pid in strangers if word in self._words(pid)}

    def _words(self, pid: int) -> frozenset[str]:
        """Read a process's marks once, for all who ask."""
        words = self._read.get(pid)
        if words is None:
            words = self._read[pid] = self._marks(pid)
        return words

    def _add_descendants(self, ours: set[int]) -> None:
        ahead = list(ours)
        while ahead:
            children = self._children.get(ahead.pop(), ())
            new = [child for child in children if child not in ours]
            ours.update(new)
            ahead += new
