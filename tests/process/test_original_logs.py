"""Shipping logs to a log service that takes texts only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kitfox.core import Unavailable, Unimplemented
from kitfox.net import HTTPClient, Site, SiteReply, SiteRequest
from kitfox.process._original_logs import dial_text_log, log_line
from kitfox.scope import fail_after
from kitfox.services.logs import Batch, Entry, Follow, Logs, Query
from kitfox.transports.http import HTTP


class OriginalTwin:
    """A log service of the original kind; refuses the line it is told to, once."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.refuse: bytes | None = None

    async def take(self, request: SiteRequest) -> SiteReply:
        if request.body == self.refuse:
            self.refuse = None
            return SiteReply(503)
        self.lines.append(request.body)
        return SiteReply()


@asynccontextmanager
async def logs(twin: OriginalTwin) -> AsyncIterator[Logs]:
    site = Site({"POST /log": twin.take})
    async with fail_after(10), HTTP(fallback=site).listen({}) as url, HTTPClient() as client:
        yield Logs.client(dial_text_log(url, client))


def entry(message: str, level: int = 9) -> Entry:
    return Entry(time=1.0, level=level, message=message, service="grading")


async def test_each_entry_is_a_line_as_the_originals_clients_write_it():
    twin = OriginalTwin()
    async with logs(twin) as client:
        appended = await client.append(Batch("a", 7, (entry("one"), entry("two", 17))))
    assert twin.lines == [b"[grading] - one\n", b"[grading] - ERROR two\n"]
    assert appended.sequence == 8


async def test_a_batch_that_broke_off_goes_on_where_it_was():
    twin = OriginalTwin()
    twin.refuse = b"[grading] - two\n"
    batch = Batch("a", 1, (entry("one"), entry("two"), entry("three")))
    async with logs(twin) as client:
        with pytest.raises(Unavailable, match="answered 503"):
            await client.append(batch)
        await client.append(batch)
        await client.append(batch)
    assert twin.lines == [b"[grading] - one\n", b"[grading] - two\n", b"[grading] - three\n"]


def test_a_message_of_several_lines_is_one_line_of_the_file():
    forged = entry("no\n[registry] - yes")
    assert log_line(forged) == "[grading] - no\\n[registry] - yes\n"


async def test_what_the_original_cannot_is_refused():
    async with logs(OriginalTwin()) as client:
        with pytest.raises(Unimplemented, match="cannot be read"):
            await client.query(Query())
        with pytest.raises(Unimplemented, match="cannot be read"):
            await anext(aiter(client.tail(Follow())))
