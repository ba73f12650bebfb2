"""Reading a log whose service answers in small pages, and goes away in the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kitfox.cli._log_reading import Reading
from kitfox.cli._options import Where
from kitfox.core import Unavailable
from kitfox.scope import fail_after
from kitfox.services.logs import Appended, Batch, Entry, Filter, Follow, Logs, Page, Query, Tailed
from kitfox.transports.http import HTTP


def entry(message: str, time: float) -> Entry:
    return Entry(time=time, level=9, message=message, service="shop")


class Fragile(Logs):
    """Has one entry a page; its first tail breaks off, and the second one goes on."""

    def __init__(self) -> None:
        self.followed: list[Follow] = []

    async def append(self, batch: Batch) -> Appended:
        raise NotImplementedError

    async def query(self, query: Query) -> Page:
        number = int(query.cursor or 5)
        return Page((entry(f"number {number}", number),), str(number - 1) if number > 1 else "")

    async def tail(self, follow: Follow) -> AsyncIterator[Tailed]:
        self.followed.append(follow)
        if len(self.followed) == 1:
            yield Tailed(entry("early, and late to come", 1.0), 8)
            yield Tailed(entry("new", 5.0), 7)
            raise Unavailable("the log service is stopping")
        yield Tailed(entry("early, and later still", 2.0), 9)
        await asyncio.Event().wait()


@asynccontextmanager
async def reading(logs: Logs, wanted: Filter, lines: int) -> AsyncIterator[Reading]:
    async with fail_after(10), HTTP(grace=0).listen(logs.routes()) as url:
        yield Reading(Where(None, url, 5.0), wanted, lines, as_json=False)


def messages(printed: str) -> list[str]:
    return [line.partition(" shop ")[2] for line in printed.splitlines()]


async def test_the_last_entries_are_gathered_from_as_many_pages_as_it_takes(capsys):
    async with reading(Fragile(), Filter(), 3) as last:
        await last.last()
    assert messages(capsys.readouterr().out) == ["number 3", "number 4", "number 5"]
    async with reading(Fragile(), Filter(), 9) as whole:
        await whole.last()
    assert len(messages(capsys.readouterr().out)) == 5


async def test_following_goes_on_after_the_last_id_whatever_the_times_of_entries_are(capsys):
    logs = Fragile()
    out = err = ""
    async with reading(logs, Filter(since=0.5), 10) as followed:
        task = asyncio.create_task(followed.follow())
        while len(messages(out)) < 3:
            await asyncio.sleep(0.01)
            printed = capsys.readouterr()
            out, err = out + printed.out, err + printed.err
        task.cancel()
        await asyncio.wait([task])
    assert logs.followed == [Follow(since=0.5, last=10), Follow(since=0.5, last=1000, after=8)]
    assert messages(out) == ["early, and late to come", "new", "early, and later still"]
    assert err == "the log service is away; waiting for it\n"
