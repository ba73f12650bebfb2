"""Reading many chunks of entries, newest first, without reading more of them than is needed.

A chunk says the newest time it may hold before it is opened. Rules: chunks are opened by newest
time, falling; an entry is certain once no unopened chunk can hold a newer one; a scan is over
when it has as many certain entries as the page takes, or no chunk is left.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kitfox.services.logs._entry import Stored
from kitfox.services.logs._query import FIRST_PAGE, Key, Matcher, Page, write_cursor

_ANY_ID = 2**62


@dataclass(frozen=True, slots=True)
class Chunk:
    """Entries that can be read together. `newest` bounds their times from above."""

    newest: float
    read: Callable[[], Sequence[Stored]]


class Scan:
    """One page in the making: the newest matching entries below the key `before`.

    The chunks come by newest time, falling. `end` is the id that the next entry had when the
    search began: no entry it sees has reached it.
    """

    def __init__(
        self,
        matcher: Matcher,
        chunks: Iterator[Chunk],
        limit: int,
        before: Key = FIRST_PAGE,
        end: int = 0,
    ) -> None:
        self.end = end
        self._matcher = matcher
        self._chunks = chunks
        self._next = next(chunks, None)
        self._limit = limit
        self._before = before
        self._hits: list[tuple[Key, Stored]] = []  # a heap, oldest first

    @property
    def done(self) -> bool:
        """Whether the page is certain."""
        if self._next is None:
            return True
        full = len(self._hits) >= self._limit
        return full and self._hits[0][0][0] > self._next.newest

    @property
    def advanced(self) -> bool:
        """Whether a page made now would leave less to the next one."""
        return self._next is None or self.done or self._next.newest < self._before[0]

    def step(self) -> None:
        """Open the next chunk, if there is one."""
        if self._next is None:
            return
        for stored in self._next.read():
            if stored.key < self._before and self._matcher.matches(stored.entry):
                self._keep(stored)
        self._next = next(self._chunks, None)

    def page(self) -> Page:
        """Return what is certain, and where to go on."""
        return Page(tuple(stored.entry for stored in self.certain()), self._cursor())

    def certain(self) -> list[Stored]:
        """Return the entries that no unopened chunk can come before, newest first."""
        bound = self._bound()
        return [stored for key, stored in sorted(self._hits, reverse=True) if key >= bound]

    def _keep(self, stored: Stored) -> None:
        hit = (stored.key, stored)
        if len(self._hits) < self._limit:
            heapq.heappush(self._hits, hit)
        else:
            heapq.heappushpop(self._hits, hit)

    def _bound(self) -> Key:
        """Return the key at and above which nothing unopened can be."""
        return (-1.0, 0) if self._next is None else (self._next.newest, _ANY_ID)

    def _cursor(self) -> str:
        if len(self._hits) >= self._limit and self.done:
            return write_cursor(self._hits[0][0])
        return "" if self.done else write_cursor(self._bound())
