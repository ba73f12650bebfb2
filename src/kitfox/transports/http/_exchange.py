"""One request of HTTP and the ways to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kitfox.core import Metadata, RPCError
from kitfox.net import Receive, Scope, Send
from kitfox.transports.http._headers import RawHeaders, headers_of
from kitfox.transports.http._status import PROBLEM_TYPE, problem_of

JSON_TYPE = (b"content-type", b"application/json")
EVENTS_TYPE = (b"content-type", b"text/event-stream")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its way back; `extra` are headers that go into every answer."""

    scope: Scope
    receive: Receive
    send: Send
    headers: Mapping[bytes, bytes]
    extra: RawHeaders = ()

    @property
    def query(self) -> bytes:
        """The part of the URL behind the question mark."""
        query: bytes = self.scope["query_string"]
        return query

    @property
    def peer(self) -> str:
        """The client's address."""
        client = self.scope.get("client")
        return f"{client[0]}:{client[1]}" if client else ""

    async def reply(self, body: bytes, metadata: Metadata) -> None:
        """Answer with a message."""
        await self._whole(200, body, [JSON_TYPE, *headers_of(metadata)])

    async def fail(
        self, error: RPCError, metadata: Metadata | None = None, status: int | None = None
    ) -> None:
        """Answer with an error."""
        number, body = problem_of(error, status)
        headers = headers_of(metadata) if metadata else []
        await self._whole(number, body, [(b"content-type", PROBLEM_TYPE), *headers])

    async def start_events(self, metadata: Metadata) -> None:
        """Begin to answer with a stream of events."""
        headers = [
            EVENTS_TYPE,
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            *headers_of(metadata),
            *self.extra,
        ]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def event(self, data: bytes, *, last: bool = False) -> None:
        """Send a piece of the stream."""
        await self.send({"type": "http.response.body", "body": data, "more_body": not last})

    async def empty(self, status: int) -> None:
        """Answer with no body at all."""
        await self._whole(status, b"", [])

    def adding(self, *headers: tuple[bytes, bytes]) -> "Exchange":
        """Return the same exchange with further headers for its answer."""
        return replace(self, extra=(*self.extra, *headers))

    async def _whole(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        headers.append((b"content-length", b"%d" % len(body)))
        headers.extend(self.extra)
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
