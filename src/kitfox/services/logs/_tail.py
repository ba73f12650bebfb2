"""Following a log: each reader has a bounded queue, and a slow one is told what it missed."""

import asyncio
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from kitfox.core import ResourceExhausted, Unavailable
from kitfox.services.logs._entry import Stored
from kitfox.services.logs._query import Filter, Matcher, Tailed


class Tail:
    """What one reader has yet to read. The oldest gives way when it reads too slowly."""

    def __init__(self, matcher: Matcher, size: int) -> None:
        self._matcher = matcher
        self._size = size
        self._queue: deque[Stored] = deque()
        self._missed = 0
        self._begin = 0
        self._closed = False
        self._filled = asyncio.Event()

    def offer(self, stored: Stored) -> None:
        """Queue an entry if the reader wants it."""
        if stored.id < self._begin or not self._matcher.matches(stored.entry):
            return
        if len(self._queue) == self._size:
            self._queue.popleft()
            self._missed += 1
        self._queue.append(stored)
        self._filled.set()

    def begin(self, first: int) -> None:
        """Take no entry with an id below `first`: the reader has those already."""
        self._begin = first
        self._queue = deque(stored for stored in self._queue if stored.id >= first)

    def close(self) -> None:
        """Let the reader read what is queued, and no more."""
        self._closed = True
        self._filled.set()

    async def receive(self) -> Tailed:
        """Return the next entry, as soon as there is one.

        Raises:
            Unavailable: the tail is closed and read to its end.
        """
        while not self._queue:
            if self._closed:
                raise Unavailable("the log service is stopping")
            self._filled.clear()
            await self._filled.wait()
        missed, self._missed = self._missed, 0
        stored = self._queue.popleft()
        return Tailed(stored.entry, stored.id, missed)


class Tails:
    """All readers that follow the log."""

    def __init__(self, most: int, queue: int) -> None:
        self._most = most
        self._queue = queue
        self._open: set[Tail] = set()

    @contextmanager
    def open(self, wanted: Filter) -> Generator[Tail]:
        """Follow from now on.

        Raises:
            ResourceExhausted: enough readers follow already.
        """
        if len(self._open) >= self._most:
            raise ResourceExhausted(f"{self._most} readers follow the log already")
        tail = Tail(Matcher(wanted), self._queue)
        self._open.add(tail)
        try:
            yield tail
        finally:
            self._open.discard(tail)

    def publish(self, entries: Sequence[Stored]) -> None:
        """Offer new entries to all readers."""
        for tail in self._open:
            for stored in entries:
                tail.offer(stored)

    def close(self) -> None:
        """Close all tails: none would end by itself."""
        for tail in self._open:
            tail.close()
