"""What the log service answers on paths that no method claims.

An answer of 200 says that all of the body is stored. What has begun to be stored is stored whole,
though its sender leaves meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from kitfox.core import ResourceExhausted, RPCError
from kitfox.net import Site, SiteReply, SiteRequest
from kitfox.services.logs._archive import Clock
from kitfox.services.logs._entry import Entry
from kitfox.services.logs._json_lines import LineError, read_entries
from kitfox.services.logs._settings import LogSettings
from kitfox.services.logs._text_line import read_text

AppendText = Callable[[str], Awaitable[None]]
AppendEntries = Callable[[tuple[Entry, ...]], Awaitable[None]]
_JSON = "application/json"


def log_site(
    append_text: AppendText, append_entries: AppendEntries, settings: LogSettings, clock: Clock
) -> Site:
    """Return the site: `POST /log` takes one text, `POST /v1/entries` entries as JSON lines."""

    async def take_text(request: SiteRequest) -> SiteReply:
        if not request.body:
            return SiteReply(400, b"expected a text, got an empty body\n")
        if len(request.body) > settings.text_bytes:
            return SiteReply(413, f"a text has at most {settings.text_bytes} bytes\n".encode())
        return await _once_stored(append_text(read_text(request.body)), SiteReply())

    async def take_entries(request: SiteRequest) -> SiteReply:
        try:
            entries = read_entries(request.body, clock())
        except LineError as error:
            return SiteReply(400, f"{error}\n".encode())
        body = msgspec.json.encode({"stored": len(entries)})
        return await _once_stored(append_entries(entries), SiteReply(200, body, _JSON))

    routes = {"POST /log": take_text, "POST /v1/entries": take_entries}
    return Site(routes, body_limit=settings.body_bytes)


async def _once_stored(storing: Awaitable[None], answer: SiteReply) -> SiteReply:
    task = asyncio.ensure_future(storing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
    except ResourceExhausted as error:
        return SiteReply(429, f"{error}\n".encode())
    except RPCError as error:
        return SiteReply(503, f"{error}\n".encode())
    return answer
