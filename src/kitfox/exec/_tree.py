"""The processes of one command: looked for in /proc, held, and signalled.

Rules:

- The command itself is not reaped while its tree is looked at: its number, its group's and its
  session's are nobody else's until then.
- A process that a look finds is held before it is believed: it must still be the one that was
  read about when we hold it. Signals go to what we hold, never to a number.
- Where /proc does not show the command, the tree is its process group.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable

from kitfox.exec._errors import ProcessDoneError
from kitfox.exec._family import Row, Sight
from kitfox.exec._handle import Handle
from kitfox.exec._proc import census, row as read_row


class Tree:
    """The command that `root` holds, and those that it started, whose environments have `word`."""

    def __init__(self, root: Handle, word: str) -> None:
        self._root = root
        self._word = word
        self._held: dict[int, Handle] = {}

    def look(self) -> Sight:
        """Find all that are alive."""
        root = self._root.pid
        around = census(root)
        if root not in around.rows:
            return Sight() if self._root.gone() else Sight(frozenset({root}))
        self._let_go_of_the_gone()
        sight = around.family(root, self._word, self._held)
        found = sight.alive - {os.getpid()}
        for pid in found - self._held.keys() - {root}:
            self._hold(around.rows[pid])
        return Sight(found & {root, *self._held}, unsure=sight.unsure)

    def _let_go_of_the_gone(self) -> None:
        """Whoever is alive now was so when the table was read: it was read about them."""
        for pid in [pid for pid, handle in self._held.items() if handle.gone()]:
            self._held.pop(pid).close()

    def _hold(self, row: Row) -> None:
        try:
            handle = Handle.open(row.pid)
        except ProcessDoneError:
            return
        again = read_row(row.pid)
        if again is not None and again.started == row.started:
            self._held[row.pid] = handle
        else:
            handle.close()

    def ask(self, pids: Iterable[int], number: int) -> None:
        """Send each a signal, the command first: it should not meet the end of its children.

        Who has ended, or may not be signalled, gets none.
        """
        root = self._root.pid
        for pid in sorted(pids, key=lambda pid: pid != root):
            handle = self._root if pid == root else self._held[pid]
            with contextlib.suppress(ProcessDoneError, PermissionError):
                handle.signal(number)

    def kill(self, pids: frozenset[int]) -> None:
        """Kill each; with the command goes its group, and so what is being forked just now."""
        if self._root.pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._root.pid, signal.SIGKILL)
        self.ask(pids, signal.SIGKILL)

    async def quiet(self, seconds: float) -> None:
        """Wait until all that were found have ended, at most so long."""
        ends = [handle.ended() for handle in (self._root, *self._held.values())]
        await asyncio.wait(ends, timeout=seconds)

    def close(self) -> None:
        """Let go of all but the command."""
        for handle in self._held.values():
            handle.close()
        self._held.clear()
