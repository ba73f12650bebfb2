"""The log service: the contract over the archive, and what it serves beside."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import msgspec

from kitfox.core import InvalidArgument
from kitfox.net import Site
from kitfox.services.logs._archive import Archive, Clock
from kitfox.services.logs._contract import Appended, Logs
from kitfox.services.logs._entry import Batch, Entry, Stored
from kitfox.services.logs._framing import LARGEST
from kitfox.services.logs._query import Follow, Page, Query, Tailed
from kitfox.services.logs._settings import LogSettings
from kitfox.services.logs._severity import INFO
from kitfox.services.logs._site import log_site
from kitfox.services.logs._tail import Tail, Tails
from kitfox.services.logs._text_file import TextFile
from kitfox.services.logs._text_line import file_line, split_prefix

_LARGEST_BATCH = LARGEST // 4


class LogService(Logs):
    """Keeps the log of a system in a folder. What it has acknowledged is on the disk.

    It is open between entering and leaving it as a context; `clock` gives Unix time.
    """

    def __init__(self, settings: LogSettings, *, clock: Clock = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._tails = Tails(settings.tails, settings.tail_queue)
        self._archive = Archive(settings, clock, self._tails.publish)
        text_file = Path(settings.directory, settings.text_file)
        self._text_file = TextFile(text_file, settings.text_file_bytes, settings.text_files)
        self._source = f"log-service-{uuid4()}"  # of entries that came without a source
        self._sequence = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._archive.open()
        self._stack.push_async_callback(self._archive.close)
        housekeeping = asyncio.create_task(self._housekeep())
        self._stack.push_async_callback(_end, housekeeping)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def append(self, batch: Batch) -> Appended:
        _check(batch)
        return Appended(await self._archive.append(batch))

    async def query(self, query: Query) -> Page:
        try:
            scan = await self._archive.scan(query)
        except ValueError as error:
            raise InvalidArgument(str(error)) from None
        return scan.page()

    async def tail(self, follow: Follow) -> AsyncIterator[Tailed]:
        with self._tails.open(follow) as tail:
            for stored in await self._past(follow, tail):
                yield Tailed(stored.entry, stored.id)
            while True:
                yield await tail.receive()

    def drain(self) -> None:
        """End the tails, which would never end by themselves: the service is about to stop."""
        self._tails.close()

    def asgi(self) -> Site:
        """Return the application for what no method claims: `POST /log`, `POST /v1/entries`."""
        return log_site(self.append_text, self.append_entries, self._settings, self._clock)

    async def append_entries(self, entries: tuple[Entry, ...]) -> None:
        """Store entries that came without a source: all, or none and an error."""
        batch = Batch(self._source, self._sequence + 1, entries)
        self._sequence = batch.last
        await self.append(batch)

    async def append_text(self, text: str) -> None:
        """Store a text as the original log service does: as an entry, and as a line of its file."""
        now = self._clock()
        service, message = split_prefix(text)
        await self.append_entries((Entry(now, INFO, message, service=service),))
        await self._archive.run(self._text_file.append, file_line(now, text))

    async def _past(self, follow: Follow, tail: Tail) -> list[Stored]:
        """Return the entries there are, oldest first; the tail goes on where they end."""
        if not follow.last:
            return []
        scan = await self._archive.scan(_query_of(follow))
        tail.begin(scan.end)
        return [stored for stored in reversed(scan.certain()) if stored.id > follow.after]

    async def _housekeep(self) -> None:
        while True:
            await self._archive.housekeep()
            await asyncio.sleep(self._settings.housekeeping_every)


def _check(batch: Batch) -> None:
    """Refuse what could not be stored, before it shares a write with what others sent."""
    try:
        size = len(msgspec.json.encode(batch))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidArgument(f"batch: JSON cannot say it: {error}") from None
    if size > _LARGEST_BATCH:
        raise InvalidArgument(f"batch: {size} bytes are over the limit of {_LARGEST_BATCH}")


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _query_of(follow: Follow) -> Query:
    """Return the query for the entries that there are already."""
    return Query(
        service=follow.service,
        level=follow.level,
        text=follow.text,
        trace_id=follow.trace_id,
        since=follow.since,
        until=follow.until,
        limit=follow.last,
    )
