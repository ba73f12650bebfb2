"""The log service as the original system speaks to it: a text for each entry, and no more."""

from collections.abc import AsyncIterator

from kitfox.app import InPlace
from kitfox.core import Connection, Unavailable, Unimplemented, Unreachable
from kitfox.net import HTTPClient, HTTPError
from kitfox.services.logs import (
    Appended,
    Batch,
    Entry,
    Follow,
    Logs,
    Page,
    Query,
    Tailed,
    severity_number,
    severity_text,
)

_TEXT = ((b"content-type", b"text/plain; charset=utf-8"),)
_WARN = severity_number("WARN")


def dial_text_log(url: str, client: HTTPClient) -> Connection:
    """Return a connection to the log service of any make at `url`."""
    return InPlace(TextLog(url, client))


class TextLog(Logs):
    """The log service at one address; a batch that broke off goes on where it was."""

    def __init__(self, url: str, http: HTTPClient) -> None:
        self._url = f"{url.rstrip('/')}/log"
        self._http = http
        self._sent: dict[str, int] = {}  # the last entry of each source

    async def append(self, batch: Batch) -> Appended:
        left = batch.after(self._sent.get(batch.source, 0))
        for at, entry in enumerate(left.entries if left else ()):
            await self._send(log_line(entry))
            self._sent[batch.source] = (left or batch).sequence + at
        return Appended(batch.last)

    async def query(self, query: Query) -> Page:
        raise Unimplemented("a log service of the original kind cannot be read")

    def tail(self, follow: Follow) -> AsyncIterator[Tailed]:
        raise Unimplemented("a log service of the original kind cannot be read")

    async def _send(self, line: str) -> None:
        try:
            reply = await self._http.request(
                "POST", self._url, headers=_TEXT, body=line.encode(errors="replace")
            )
        except HTTPError as error:
            raise (Unavailable if error.sent else Unreachable)(str(error)) from error
        if reply.status != 200:
            raise Unavailable(f"POST {self._url} was answered {reply.status}")


def log_line(entry: Entry) -> str:
    """Return an entry as the original's clients write one: one line, with its end."""
    level = f"{severity_text(entry.level)} " if entry.level >= _WARN else ""
    message = "\\n".join(entry.message.splitlines())
    return f"[{entry.service}] - {level}{message}\n"
