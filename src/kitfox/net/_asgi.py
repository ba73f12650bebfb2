"""The few words of ASGI that kitfox speaks (asgi.readthedocs.io, HTTP connection scope)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import unquote

ASGIScope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
ASGIApp = Callable[[ASGIScope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

# Stands in `path_of` for a slash that was sent as %2F: one within a segment, not between two.
SLASH = "\0"


class BadPath(Exception):
    """The request's path is no text."""


class BodyTooLarge(Exception):
    """The request's body is longer than allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is longer than {limit} bytes")
        self.limit = limit


class ClientGone(Exception):
    """The client left before its request was complete."""


def path_of(scope: ASGIScope) -> str:
    """Return the path below where the application is mounted.

    A `%2F` in it is SLASH, so that it separates no segments; `with_slashes` undoes that.

    Raises:
        BadPath: what is percent-encoded is not UTF-8, or holds a NUL.
    """
    path: str = scope["path"]
    raw = scope.get("raw_path") or b""
    if b"%" in raw:
        path = _decoded(raw.partition(b"?")[0].decode("latin-1"), path)
    if root := scope.get("root_path"):
        return _below(root, path)
    return path


def with_slashes(names: Mapping[str, str]) -> dict[str, str]:
    """Return texts that stood in a path as they were meant."""
    return {name: text.replace(SLASH, "/") for name, text in names.items()}


def _decoded(raw: str, path: str) -> str:
    if unquote(raw) != path:  # somebody has rewritten the path on its way here
        return path
    if "%00" in raw:
        raise BadPath("the path holds a NUL")
    try:
        segments = [unquote(part, errors="strict") for part in raw.split("/")]
    except UnicodeDecodeError:
        raise BadPath("the path is not UTF-8") from None
    return "/".join(segment.replace("/", SLASH) for segment in segments)


def _below(root: str, path: str) -> str:
    """Return `path` without `root`, when it starts with it: not every server says both."""
    rest = path.removeprefix(root.rstrip("/"))
    return (rest or "/") if rest == "" or rest.startswith("/") else path


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body of a request.

    Raises:
        BodyTooLarge: it is longer than `limit` bytes; what follows is not read.
        ClientGone: the connection ended first.
    """
    event = await receive()
    body: bytes = event.get("body", b"")
    if len(body) <= limit and not event.get("more_body", False) and event["type"] == "http.request":
        return body
    parts = [body]
    size = len(body)
    while size <= limit:
        if event["type"] != "http.request":
            raise ClientGone
        if not event.get("more_body", False):
            return b"".join(parts)
        event = await receive()
        part: bytes = event.get("body", b"")
        parts.append(part)
        size += len(part)
    raise BodyTooLarge(limit)


async def reply(send: Send, status: int, body: bytes = b"", headers: Headers = ()) -> None:
    """Send a whole reply; content-length is added."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
