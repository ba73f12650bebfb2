"""One request of HTTP and the ways to answer it."""

from collections.abc import Mapping

from kitfox.core import Call, Metadata, RPCError
from kitfox.net import IDENTITY, ASGIScope, ClientWatch, Receive, Send, reply
from kitfox.transports.http._direct import direct_of
from kitfox.transports.http._headers import RawHeaders, reply_headers, retry_headers
from kitfox.transports.http._status import CHALLENGE, PROBLEM_TYPE, problem_of

JSON_TYPE = (b"content-type", b"application/json")
PROBLEM = (b"content-type", PROBLEM_TYPE)
_JSON_FIELDS = b"content-type: application/json\r\ncontent-length: %d\r\n"
EVENTS_TYPE = (b"content-type", b"text/event-stream")


class Exchange:
    """A request and its way back; `extra` are headers that go into every answer."""

    __slots__ = ("direct", "extra", "headers", "receive", "scope", "send")

    def __init__(
        self,
        scope: ASGIScope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        extra: RawHeaders,
    ) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers = headers
        self.extra = extra
        self.direct = direct_of(scope)

    def watch(self, call: Call) -> ClientWatch:
        """Cancel the running task, and end `call`, when the client leaves."""
        direct = self.direct
        return ClientWatch(call, self.receive, None if direct is None else direct.watches)

    @property
    def peer(self) -> str:
        """The client's address."""
        if self.direct is not None:
            return self.direct.peer
        client = self.scope.get("client")
        return f"{client[0]}:{client[1]}" if client else ""

    @property
    def identity(self) -> str:
        """Who the client's certificate says it is, or ""; a foreign ASGI server does not tell."""
        if self.direct is not None:
            return self.direct.identity
        identity: str = self.scope.get("extensions", {}).get(IDENTITY, "")
        return identity

    async def reply(self, body: bytes, metadata: Metadata) -> None:
        """Answer with a message."""
        direct = None if self.extra or metadata else self.direct
        if direct and direct.answer(self.scope, self.send, _JSON_FIELDS % len(body), body):
            return
        headers = [JSON_TYPE, (b"content-length", b"%d" % len(body)), *self.extra]
        headers += reply_headers(metadata)
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def fail(
        self, error: RPCError, metadata: Metadata | None = None, status: int | None = None
    ) -> None:
        """Answer with an error."""
        number, body = problem_of(error, status)
        headers = reply_headers(metadata) if metadata else ()
        when = retry_headers(error)
        challenge = (CHALLENGE,) if number == 401 and CHALLENGE not in self.extra else ()
        await reply(self.send, number, body, (PROBLEM, *challenge, *when, *headers, *self.extra))

    async def start_events(self, metadata: Metadata) -> None:
        """Begin to answer with a stream of events."""
        headers = [
            EVENTS_TYPE,
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            *reply_headers(metadata),
            *self.extra,
        ]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def no_events(self) -> None:
        """Answer HEAD: there is a stream, and none of it is wanted."""
        await self.start_events(Metadata())
        await self.event(b"", last=True)

    async def event(self, data: bytes, *, last: bool = False) -> None:
        """Send a piece of the stream."""
        await self.send({"type": "http.response.body", "body": data, "more_body": not last})

    async def empty(self, status: int) -> None:
        """Answer with no body at all."""
        await reply(self.send, status, headers=self.extra)

    def adding(self, *headers: tuple[bytes, bytes]) -> "Exchange":
        """Return the same exchange with further headers for its answer."""
        extra = (*self.extra, *headers)
        return Exchange(self.scope, self.receive, self.send, self.headers, extra)
