"""What the log service does for others, whatever the wire."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

import msgspec

from kitfox.core import Service, rpc
from kitfox.services.logs._entry import Batch, Entry
from kitfox.services.logs._query import Follow, Page, Query, Tailed


class Appended(msgspec.Struct, frozen=True):
    """The number of the last entry that the store has of a source."""

    sequence: int


class Logs(Service, ABC, name="kitfox.v1.Logs"):
    """One log for all processes of a system."""

    @rpc(idempotent=True)
    @abstractmethod
    async def append(self, batch: Batch) -> Appended:
        """Store entries for good. Those of a source that came before are not stored again."""

    @rpc(idempotent=True)
    @abstractmethod
    async def query(self, query: Query) -> Page:
        """Return a page of the entries that match, newest first."""

    @rpc
    @abstractmethod
    def tail(self, follow: Follow) -> AsyncIterator[Tailed]:
        """Return the last entries that match, oldest first, and then each new one as it comes."""


async def entries_of(logs: Logs, query: Query) -> AsyncIterator[Entry]:
    """Yield the entries that match, newest first, asking for a page when the last one is read."""
    while True:
        page = await logs.query(query)
        for entry in page.entries:
            yield entry
        if not page.cursor:
            return
        query = msgspec.structs.replace(query, cursor=page.cursor)
