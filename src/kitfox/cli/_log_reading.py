"""Reading the log of a running system: its last entries, and each new one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import click
import msgspec

from kitfox.cli._ask import connected, directory_at
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import Where
from kitfox.cli._output import print_json_line, shows_colour
from kitfox.core import NotFound, Unavailable, service_name
from kitfox.services.logs import (
    Entry,
    Filter,
    Follow,
    Logs,
    Query,
    entries_of,
    format_entry,
    severity_number,
)

_AGAIN = 0.5  # seconds between attempts while the log service is away
_MOST = 1000


class Reading:
    """One reading of the log, printed as it comes."""

    def __init__(self, where: Where, wanted: Filter, lines: int, *, as_json: bool) -> None:
        self._where = where
        self._wanted = msgspec.structs.asdict(wanted)
        self._lines = lines
        self._as_json = as_json
        self._colour = shows_colour()
        self._seen = 0  # the id of the last entry that was followed
        self._away = False

    async def last(self) -> None:
        """Print the last entries, oldest first."""
        query = Query(**self._wanted, limit=self._lines)
        newest: list[Entry] = []
        async with _logs(self._where) as logs:
            async for entry in entries_of(logs, query):
                newest.append(entry)
                if len(newest) == self._lines:
                    break
        for entry in reversed(newest):
            self._print(entry)

    async def follow(self) -> None:
        """Print the last entries and each new one, for ever.

        A log service that goes away is waited for, and goes on after the last entry it gave.
        """
        async with _logs(self._where):  # one that is nowhere at the start is not waited for
            pass
        wanted = Follow(**self._wanted, last=self._lines)
        while True:
            with suppress(Unavailable):
                await self._follow(wanted)
            if not self._away:
                click.echo("the log service is away; waiting for it", err=True)
            self._away = True
            await asyncio.sleep(_AGAIN)
            if self._seen:  # else what was asked for at first is still to come
                wanted = Follow(**self._wanted, last=_MOST, after=self._seen)

    async def _follow(self, wanted: Follow) -> None:
        """Print entries as they come, until the log service goes away."""
        async with _logs(self._where) as logs:
            async for item in logs.tail(wanted):
                if item.missed:
                    click.echo(f"{item.missed} entries passed over", err=True)
                self._seen = max(self._seen, item.id)
                self._away = False
                self._print(item.entry)

    def _print(self, entry: Entry) -> None:
        if self._as_json:
            print_json_line(entry)
        else:
            click.echo(format_entry(entry, colour=self._colour))


@asynccontextmanager
async def _logs(where: Where) -> AsyncIterator[Logs]:
    """Connect to the log service."""
    async with connected(where.address or await _registered(where)) as connection:
        yield Logs.client(connection)


async def _registered(where: Where) -> str:
    async with directory_at(where) as known:
        try:
            return (await known.addresses(service_name(Logs)))[0]
        except NotFound:
            raise Unavailable("no log service is registered") from None


def level_of(name: str) -> int:
    """Return the number of a level's name; Failed when there is none."""
    try:
        return severity_number(name)
    except ValueError as error:
        raise Failed(f"--level: {error}", Exit.USAGE) from None
