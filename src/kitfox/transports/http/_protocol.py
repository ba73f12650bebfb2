"""uvicorn's connection, with limits on what may come before a request is complete.

uvicorn bounds neither the headers nor the time a client may take to send a request; both must be
watched where the bytes arrive, since the application only runs when the headers are complete.
"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from kitfox.core import Code, RPCError
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._status import PROBLEM_TYPE, problem_of
from kitfox.transports.http._watch import EXTENSION, Watch

_REASON = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    """States of a connection: idle → headers → body → idle; a timer runs in the middle two.

    A request that arrives in one piece, as most do, costs no timer.
    """

    limits = HTTPLimits()

    _incomplete = False
    _in_headers = False
    _header_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        super().data_received(data)
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > self.limits.header_bytes:
                text = f"the headers are longer than {self.limits.header_bytes} bytes"
                self._refuse(431, RPCError.of(Code.RESOURCE_EXHAUSTED, text))
                return
        if self._incomplete and self._timer is None:
            self._timer = self.loop.call_later(self.limits.request_time, self._late)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._incomplete = self._in_headers = True
        self._header_bytes = 0
        super().on_message_begin()
        cast("dict[str, object]", self.scope)[EXTENSION] = self._watches

    def on_headers_complete(self) -> None:
        """End the headers; the application starts."""
        self._in_headers = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request."""
        self._incomplete = False
        self._stop_timer()
        super().on_message_complete()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        self._watches: set[Watch] = set()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        super().connection_lost(exc)
        for watch in tuple(self._watches):
            watch.leave()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(400, RPCError.of(Code.INVALID_ARGUMENT, msg))

    def _late(self) -> None:
        text = f"the request did not come within {self.limits.request_time:g} s"
        self._refuse(408, RPCError.of(Code.DEADLINE_EXCEEDED, text))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int, error: RPCError) -> None:
        """Answer with an error, unless an answer has begun, and close."""
        self._stop_timer()
        if self.transport.is_closing():
            return
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(_refusal(status, error))
        self.transport.close()


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
