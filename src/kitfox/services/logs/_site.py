"""What the log service answers on paths that no method claims."""

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

from kitfox.core import ResourceExhausted, RPCError
from kitfox.services.logs._archive import Clock
from kitfox.services.logs._entry import Entry
from kitfox.services.logs._json_lines import LineError, read_entries
from kitfox.services.logs._settings import LogSettings
from kitfox.services.logs._text_line import read_text

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]
_Answer = tuple[HTTPStatus, bytes]


class LogSite:
    """`POST /log` takes a text as one entry, `POST /v1/entries` entries as JSON lines.

    An answer of 200 says that all of the body is stored; any other that nothing of it is.
    """

    def __init__(
        self,
        append_text: Callable[[str], Awaitable[None]],
        append_entries: Callable[[tuple[Entry, ...]], Awaitable[None]],
        settings: LogSettings,
        clock: Clock,
    ) -> None:
        self._append_text = append_text
        self._append_entries = append_entries
        self._clock = clock
        self._routes = {
            "/log": (self._take_text, settings.text_bytes),
            "/v1/entries": (self._take_entries, settings.body_bytes),
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"])
        if route is None:
            await _reply(send, *_problem(HTTPStatus.NOT_FOUND, "no such page"))
        elif scope["method"] != "POST":
            await _reply(send, *_problem(HTTPStatus.METHOD_NOT_ALLOWED, "use POST"))
        else:
            await _reply(send, *await _answer(receive, *route))

    async def _take_text(self, body: bytes) -> _Answer:
        if not body:
            return _problem(HTTPStatus.BAD_REQUEST, "expected a text, got an empty body")
        await self._append_text(read_text(body))
        return HTTPStatus.OK, b""

    async def _take_entries(self, body: bytes) -> _Answer:
        try:
            entries = read_entries(body, self._clock())
        except LineError as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))
        await self._append_entries(entries)
        return HTTPStatus.OK, msgspec.json.encode({"stored": len(entries)})


async def _answer(
    receive: Receive, take: Callable[[bytes], Awaitable[_Answer]], limit: int
) -> _Answer:
    if (body := await _read_body(receive, limit)) is None:
        return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the limit is {limit} bytes")
    try:
        return await take(body)
    except ResourceExhausted as error:
        return _problem(HTTPStatus.TOO_MANY_REQUESTS, str(error))
    except RPCError as error:
        return _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """Return the body, or None when it is longer than `limit` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _problem(status: HTTPStatus, detail: str) -> _Answer:
    """Return an error as RFC 9457 has it."""
    body = {"title": status.phrase, "status": status.value, "detail": detail}
    return status, msgspec.json.encode(body)


async def _reply(send: Send, status: HTTPStatus, body: bytes) -> None:
    kind = b"application/json" if status is HTTPStatus.OK else b"application/problem+json"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
