"""uvicorn's connection, with limits on what may come before a request is complete.

uvicorn bounds neither the headers, nor the time a client may take to send a request or to begin
its first; all must be watched where the bytes arrive, since the application only runs when the
headers are complete.
"""

import asyncio
from typing import cast

from uvicorn._types import HTTPScope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from kitfox.core import Code, RPCError
from kitfox.net import Scope, Send
from kitfox.transports.http._direct import STATE, Leaving
from kitfox.transports.http._headers import RawHeaders
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._status import PROBLEM_TYPE, problem_of

_OK = b"HTTP/1.1 200 OK\r\n"
_REASON = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}

# How long a client that was refused may take to read why, seconds. To close at once, with bytes of
# its request unread, would reset the connection and destroy the answer on its way.
_GOODBYE = 1.0


class _TooLong(Exception):
    """Stops the parser at the end of headers over their limit."""


class BoundedProtocol(HttpToolsProtocol):
    """States of a connection: idle → headers → body → idle; from each → refused, which is deaf.

    A timer runs in each: uvicorn's while it is idle, ours in the others. A request that arrives in
    one piece, as most do, costs none of ours.
    """

    limits = HTTPLimits()

    watches: set[Leaving]
    peer = ""
    _refused = False
    _piece = 0  # size of what arrived last
    _header_bytes = 0  # of the request in whose headers we are, without the piece in which it began
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection; uvicorn copies `app_state` into the scope of each of its requests."""
        self.watches = set()
        self.app_state: dict[str, object] = {**self.app_state, STATE: self}
        super().connection_made(transport)
        self.peer = f"{self.client[0]}:{self.client[1]}" if self.client else ""
        if len(self.connections) > self.limits.connections:
            text = f"the server is busy with {self.limits.connections} connections"
            self._refuse(503, RPCError.of(Code.UNAVAILABLE, text))
        else:
            self._await_request()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._refused:
            return
        self._piece = len(data)
        self._header_bytes = self._header_bytes + len(data) if self._in_headers() else 0
        super().data_received(data)
        if self._in_headers() or self._in_body():
            self._await_rest()
            return
        self._stop_timer()
        if self.timeout_keep_alive_task is None and self._unanswered() is None:
            self._await_request()  # what came began no request: line breaks, say

    def on_headers_complete(self) -> None:
        """End the headers; the application starts."""
        most = self.limits.header_bytes
        if (self._header_bytes or self._piece > most) and self._header_size() > most:
            self._refuse_headers()
            raise _TooLong
        super().on_headers_complete()

    def whole_body(self, scope: Scope) -> bytes | None:
        """Return a request's body, or None when not all of it has arrived."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.more_body:
            return None
        return bytes(cycle.body)

    def answer(self, scope: Scope, send: Send, headers: RawHeaders, body: bytes) -> bool:
        """Answer a request in one write, when nothing about it is out of the ordinary."""
        cycle = self.cycle
        if (
            cycle.scope is not scope  # a pipelined request behind it is known already
            or send != cycle.send
            or cycle.disconnected
            or cycle.response_started
            or not cycle.keep_alive
            or self.flow.write_paused
            or scope["method"] == "HEAD"
        ):
            return False
        cycle.response_started = cycle.response_complete = True
        fields = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
        self.transport.write(b"".join((_OK, *fields, b"\r\n", body)))
        cycle.message_event.set()
        cycle.on_response()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        self.app_state = {}  # it holds this object
        for watch in tuple(self.watches):
            watch.leave()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(400, RPCError.of(Code.INVALID_ARGUMENT, msg))

    def _in_headers(self) -> bool:
        """Whether a request has begun, so has a scope, whose headers have not ended."""
        scope = cast("HTTPScope | None", self.scope)  # None before the first request
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return scope is not None and (cycle is None or cycle.scope is not scope)

    def _in_body(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and cycle.more_body

    def _header_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _unanswered(self) -> RequestResponseCycle | None:
        """Return the newest request whose headers were complete, unless it has its answer."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return None if cycle is None or cycle.response_complete else cycle

    def _await_request(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _await_rest(self) -> None:
        if self._in_headers() and self._header_bytes > self.limits.header_bytes:
            self._refuse_headers()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.limits.request_time, self._late)

    def _late(self) -> None:
        text = f"the request did not come within {self.limits.request_time:g} s"
        self._refuse(408, RPCError.of(Code.DEADLINE_EXCEEDED, text))

    def _refuse_headers(self) -> None:
        text = f"the headers are longer than {self.limits.header_bytes} bytes"
        self._refuse(431, RPCError.of(Code.RESOURCE_EXHAUSTED, text))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int, error: RPCError) -> None:
        """Answer the newest request with an error, unless its answer has begun, and close.

        When it is one whose headers never were complete, those before it are answered first.
        """
        if self._refused or self.transport.is_closing():
            return
        self._stop_timer()
        cycle = self._unanswered()
        in_body = self._in_body() and not self._in_headers()
        if in_body and not self._may_answer(cycle):
            self.transport.close()
        elif cycle is not None and not in_body:
            cycle.keep_alive = False  # uvicorn closes after this answer
            self.flow.pause_reading()
        else:
            self._say_goodbye(_refusal(status, error))

    def _may_answer(self, cycle: RequestResponseCycle | None) -> bool:
        """Whether the request whose body is arriving has no answer yet, and none goes before."""
        return cycle is not None and not cycle.response_started and not self.pipeline

    def _say_goodbye(self, answer: bytes) -> None:
        self._refused = True
        if (cycle := self._unanswered()) is not None:
            cycle.disconnected = True  # to the application, the client has left
            cycle.message_event.set()
        self.transport.write(answer)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_GOODBYE, self.transport.close)


def bounded(limits: HTTPLimits) -> type[BoundedProtocol]:
    """Return the protocol class with these limits; uvicorn wants a class of its own making."""
    return type("BoundedProtocol", (BoundedProtocol,), {"limits": limits})


def _refusal(status: int, error: RPCError) -> bytes:
    _, body = problem_of(error, status)
    return b"\r\n".join(
        (
            b"HTTP/1.1 %d %s" % (status, _REASON[status]),
            b"content-type: " + PROBLEM_TYPE,
            b"content-length: %d" % len(body),
            b"connection: close",
            b"",
            body,
        )
    )
