"""Reading many chunks of entries, newest first, without reading more of them than is needed.

A chunk says the newest time it may hold before it is opened. Rules: chunks are opened by newest
time, falling; an entry is certain once no unopened chunk can hold a newer one; a scan is over
when it has as many certain entries as the page takes, or no chunk is left.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kitfox.services.logs._entry import Stored
from kitfox.services.logs._query import FIRST_PAGE, Key, Matcher, Page, write_cursor

ANY_ID = 2**62


@dataclass(frozen=True, slots=True)
class Chunk:
    """Entries that can be read together. `newest` bounds their times from above."""

    newest: float
    read: Callable[[], Sequence[Stored]]


class Scan:
    """One page in the making: the newest matching entries below the key `before`.

    `end` is the id that the next entry had when the search began: no entry it sees has reached it.
    """

    def __init__(
        self,
        matcher: Matcher,
        chunks: Iterable[Chunk],
        limit: int,
        before: Key = FIRST_PAGE,
        end: int = 0,
    ) -> None:
        self.end = end
        self._matcher = matcher
        self._chunks = sorted(chunks, key=lambda chunk: chunk.newest)
        self._limit = limit
        self._before = before
        self._hits: list[tuple[Key, Stored]] = []  # a heap, oldest first

    @property
    def done(self) -> bool:
        """Whether the page is certain."""
        if not self._chunks:
            return True
        full = len(self._hits) >= self._limit
        return full and self._hits[0][0][0] > self._chunks[-1].newest

    @property
    def advanced(self) -> bool:
        """Whether a page made now would leave less to the next one."""
        return self.done or self._chunks[-1].newest < self._before[0]

    def step(self) -> None:
        """Open the next chunk."""
        for stored in self._chunks.pop().read():
            if stored.key < self._before and self._matcher.matches(stored.entry):
                self._keep(stored)

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
        return (self._chunks[-1].newest, ANY_ID) if self._chunks else (-1.0, 0)

    def _cursor(self) -> str:
        if len(self._hits) >= self._limit and self.done:
            return write_cursor(self._hits[0][0])
        return "" if self.done else write_cursor(self._bound())
