"""Entries on their way from the code that logs to the thread that writes them down."""

import threading
from collections import deque

from kitfox.services.logs._entry import Entry


class Buffer:
    """A bounded queue. Putting never waits: an entry that finds it full is counted, and lost."""

    def __init__(self, most: int, batch: int) -> None:
        self._most = most
        self._batch = batch
        self._entries: deque[Entry] = deque()
        self._taken = 0  # given out and not yet done
        self._lost = 0
        self._hurried = False
        self._closed = False
        self._changed = threading.Condition()

    def put(self, entry: Entry) -> None:
        """Queue an entry, or count it as lost."""
        with self._changed:
            if self._closed or len(self._entries) >= self._most:
                self._lost += 1
                return
            self._entries.append(entry)
            if len(self._entries) in (1, self._batch):
                self._changed.notify_all()

    def take(self, delay: float) -> tuple[list[Entry], int] | None:
        """Wait for entries, then up to `delay` seconds for a batch of them.

        Returns the entries and how many were lost since the last time, or None when the buffer
        is closed and empty. Whoever takes says `done` when the entries are written down.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._closed)
            self._changed.wait_for(self._is_due, delay)
            if not self._entries and not self._lost:
                return None
            entries = [self._entries.popleft() for _ in range(min(len(self._entries), self._batch))]
            lost, self._lost = self._lost, 0
            self._taken = len(entries)
            return entries, lost

    def done(self) -> None:
        """Say that what was taken last is written down."""
        with self._changed:
            self._taken = 0
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put is written down; False when that takes too long."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            try:
                return self._changed.wait_for(self._is_idle, timeout)
            finally:
                self._hurried = False

    def close(self) -> None:
        """Let nothing more in; what is in can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _is_due(self) -> bool:
        return self._closed or self._hurried or len(self._entries) >= self._batch

    def _is_idle(self) -> bool:
        return not self._entries and not self._taken
