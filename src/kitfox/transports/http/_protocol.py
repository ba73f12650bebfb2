"""uvicorn's connection, with limits on what may come before a request is complete.

uvicorn bounds neither the headers, nor the time a client may take to send a request or to begin
its first; all must be watched where the bytes arrive, since the application only runs when the
headers are complete.
"""

import asyncio
import math
from collections.abc import Sequence
from functools import partial
from typing import cast

import httptools
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from kitfox.core import Code, RPCError
from kitfox.net import ASGIScope, ClientWatch, Send, peer_identity
from kitfox.transports.http._direct import STATE
from kitfox.transports.http._hijack import EXTENSION, Taken
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

# How long, in seconds, a client's first request may be on its way when the server begins to stop,
# and a further one. To close the connection before it arrives would reset it, and leave the client
# not knowing what became of the request.
_FIRST_REQUEST = 1.0
_NEXT_REQUEST = 0.5

# How long a client may take to answer TLS's last word, seconds, when it has been sent everything.
# asyncio would wait 30, and Chromium answers that word of an idle connection only when it likes.
_CLOSING = 2.0

# How much may come behind a request for an upgrade before somebody has decided about it, bytes.
_HELD = 64 << 10


class _TooLong(Exception):
    """Stops the parser at the end of headers over their limit."""


class BoundedProtocol(HttpToolsProtocol):
    """States of a connection: idle → arriving → answering → idle; each → refused, which is deaf.

    Each → closing, until all is sent and the client has answered TLS's last word, or is too slow.
    Answering a request that asks for an upgrade → taken: the connection is another protocol's.
    What comes until that is decided is held; if nobody takes it, HTTP goes on with it.

    All but answering end at `_due`: an idle connection is closed then, a request that is still
    arriving is refused. There is one timer a connection, not one a request: when it rings, it
    looks at `_due`, and is set anew if that lies ahead.
    """

    limits = HTTPLimits()
    taken = Taken()
    leaving = False  # whether each answer to a new request closes its connection, and says so

    parser: httptools.HttpRequestParser
    watches: set[ClientWatch]
    peer = ""
    identity = ""
    _refused = False
    _stopping = False
    _held: bytes | None = None  # what came behind a request for an upgrade; None: there is none
    _successor: asyncio.Protocol | None = None  # who has taken the connection
    _arriving = False  # whether the last piece left a request incomplete
    _piece = 0  # size of what arrived last
    # Of the headers that the last piece left incomplete, without the piece in which they began.
    _header_bytes: int | None = None
    _due = math.inf
    _timer: asyncio.TimerHandle | None = None
    _defaults: Sequence[tuple[bytes, bytes]] = ()  # uvicorn makes new ones each second
    _start = b""  # of an answer: the status and these

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection; uvicorn copies `app_state` into the scope of each of its requests."""
        self.watches = set()
        self.app_state: dict[str, object] = {**self.app_state, STATE: self}
        super().connection_made(transport)
        self.peer = f"{self.client[0]}:{self.client[1]}" if self.client else ""
        self.identity = peer_identity(transport)
        if self._is_one_too_many():
            text = f"the server is busy with {self.limits.connections} connections"
            self._refuse(503, RPCError.of(Code.UNAVAILABLE, text))
        else:
            self._end_at(self.loop.time() + self.timeout_keep_alive)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._refused:
            return
        if self._held is not None:
            self._hold(data)
            return
        self._piece = len(data)
        if self._header_bytes is not None:
            self._header_bytes += len(data)
        self._parse(data)
        if self._successor is None:
            self._look()

    def _look(self) -> None:
        """See how far the newest request has come."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        if cycle is None or cycle.scope is not self.scope or cycle.more_body:
            self._await_rest()
            return
        self._arriving, self._header_bytes = False, None
        if not cycle.response_complete:
            self._due = math.inf

    def on_headers_complete(self) -> None:
        """End the headers; the application starts."""
        most = self.limits.header_bytes
        if (self._header_bytes or self._piece > most) and self._header_size() > most:
            self._refuse_headers()
            raise _TooLong
        if self.parser.should_upgrade():
            scope = cast("ASGIScope", self.scope)
            scope["extensions"] = {EXTENSION: partial(self.hijack, scope)}
        super().on_headers_complete()
        if self.leaving:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._end_at(self.loop.time() + _CLOSING)
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        if not self._arriving:
            stays = _NEXT_REQUEST if self._stopping else self.timeout_keep_alive
            self._end_at(self.loop.time() + stays)
        held, self._held = self._held, None
        if held:
            self.data_received(held)

    def whole_body(self, scope: ASGIScope) -> bytes | None:
        """Return a request's body, or None when not all of it has arrived."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.more_body:
            return None
        return bytes(cycle.body)

    def answer(self, scope: ASGIScope, send: Send, fields: bytes, body: bytes) -> bool:
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
        if cycle.default_headers is not self._defaults:
            self._defaults = cycle.default_headers
            self._start = _OK + b"".join(b"%b: %b\r\n" % header for header in self._defaults)
        self.transport.write(b"%b%b\r\n%b" % (self._start, fields, body))
        cycle.message_event.set()
        self.on_response_complete()
        return True

    def hijack(
        self, scope: ASGIScope, protocol: asyncio.Protocol, answer: bytes = b""
    ) -> asyncio.Transport:
        """Give the connection to another protocol; see Hijack."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected:
            raise RuntimeError("the connection cannot be taken: the request is answered, or gone")
        cycle.response_started = cycle.response_complete = cycle.disconnected = True
        cycle.message_event.set()
        self._successor = protocol
        self._let_go()
        self.taken.add(self.transport)
        self.transport.set_protocol(protocol)
        self.transport.write(answer)
        protocol.connection_made(self.transport)
        self.flow.resume_reading()
        if self._held:
            protocol.data_received(self._held)
        return self.transport

    def shutdown(self) -> None:
        """Close with the next answer, or soon, if there is no next request."""
        self.leaving = self._stopping = True
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None:
            self._end_at(min(self._due, self.loop.time() + _FIRST_REQUEST))
        elif not cycle.response_complete:
            # Once an answer has begun, it is the next one that can say so.
            cycle.keep_alive = cycle.response_started
        elif not self._arriving:
            self._end_at(min(self._due, self.loop.time() + _NEXT_REQUEST))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._let_go()
        super().connection_lost(exc)
        for watch in tuple(self.watches):
            watch.leave()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(400, RPCError.of(Code.INVALID_ARGUMENT, msg))

    def _let_go(self) -> None:
        """Be no connection of the server's any more."""
        if self._timer is not None:
            self._timer.cancel()
        self.connections.discard(self)
        self.app_state = {}  # it holds this object

    def _is_one_too_many(self) -> bool:
        most = self.limits.connections
        if len(self.connections) + len(self.taken) > most:
            self.taken.sift()
        return len(self.connections) + len(self.taken) > most

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._begin_to_hold(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _begin_to_hold(self, rest: bytes) -> None:
        """Wait for a decision about the upgrade; an eager task may have made it already."""
        if self._successor is not None:
            self._successor.data_received(rest)
        elif self._unanswered() is not None:
            self._held = rest
        elif rest:
            self._parse(rest)

    def _hold(self, data: bytes) -> None:
        self._held = (self._held or b"") + data
        if len(self._held) > _HELD:
            self.flow.pause_reading()

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

    def _await_rest(self) -> None:
        """Limit what is still to come of a request: the size of its headers, the time of it all."""
        in_headers = self._in_headers()
        self._header_bytes = (self._header_bytes or 0) if in_headers else None
        if (self._header_bytes or 0) > self.limits.header_bytes:
            self._refuse_headers()
        elif not self._arriving and (in_headers or self._in_body()):
            self._arriving = True
            self._end_at(self.loop.time() + self.limits.request_time)

    def _end_at(self, due: float) -> None:
        """Let the state that begins now end at `due`, by the loop's clock, if no other follows."""
        self._due = due
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._due > self.loop.time():
            if self._due < math.inf:
                self._end_at(self._due)
        elif self._arriving and not self._refused:
            text = f"the request did not come within {self.limits.request_time:g} s"
            self._refuse(408, RPCError.of(Code.DEADLINE_EXCEEDED, text))
        elif self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            if not self.transport.is_closing():  # over TLS a second close breaks the transport
                self.transport.close()
            self._end_at(self.loop.time() + _CLOSING)

    def _refuse_headers(self) -> None:
        text = f"the headers are longer than {self.limits.header_bytes} bytes"
        self._refuse(431, RPCError.of(Code.RESOURCE_EXHAUSTED, text))

    def _refuse(self, status: int, error: RPCError) -> None:
        """Answer the newest request with an error, unless its answer has begun, and close.

        When it is one whose headers never were complete, those before it are answered first.
        """
        if self._refused or self.transport.is_closing():
            return
        self._due = math.inf
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
        self._end_at(self.loop.time() + _GOODBYE)


def bounded(limits: HTTPLimits, taken: Taken) -> type[BoundedProtocol]:
    """Return the protocol class of one listener; uvicorn wants a class of its own making."""
    return type("BoundedProtocol", (BoundedProtocol,), {"limits": limits, "taken": taken})


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
