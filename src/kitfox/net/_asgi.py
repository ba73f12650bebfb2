"""The few words of ASGI that kitfox speaks (asgi.readthedocs.io, HTTP connection scope)."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


class BodyTooLarge(Exception):
    """The request's body is longer than allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is longer than {limit} bytes")
        self.limit = limit


class ClientGone(Exception):
    """The client left before its request was complete."""


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
