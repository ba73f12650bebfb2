"""One connection of an HTTP client.

States and transitions:

- idle -> busy: `send`
- busy -> idle: `finish`, when the reply is complete and the peer keeps the connection
- any -> lost: `abort`, the peer ends, or anything unexpected comes; never left again

`on_end` is called once, at the moment the connection is known to be of no more use.
"""

import asyncio
import select
import sys
from collections.abc import Callable
from typing import cast

from kitfox.net._errors import ConnectionBroken, HTTPError
from kitfox.net._http_limits import ClientLimits
from kitfox.net._http_reply import HTTPReply, ReplyParser

_MARGIN = 0.8  # of the time the peer keeps an idle connection: it must not close as we send

OnEnd = Callable[["HTTPConnection"], None]


class HTTPConnection(asyncio.Protocol):
    """A connection that carries one exchange at a time."""

    _transport: asyncio.Transport
    _inbox: select.poll

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limits: ClientLimits,
        on_end: OnEnd,
    ) -> None:
        self.used = False  # whether it carried an exchange before this one
        self.lost: asyncio.Future[None] = loop.create_future()
        self.uploading = False
        self._loop = loop
        self._limits = limits
        self._on_end = on_end
        self._parser = ReplyParser(limits.head_bytes)
        self._busy = False
        self._streaming = False
        self._unread = 0  # bytes of a stream that nobody has read yet
        self._paused = False
        self._ended = False
        self._news: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None

    @property
    def usable(self) -> bool:
        """Whether a request may be sent on it, as far as the loop has noticed."""
        return not (self._ended or self._transport.is_closing())

    def is_quiet(self) -> bool:
        """Ask the kernel whether nothing came in that the loop has not seen yet.

        On an idle connection anything, most likely the peer's end, makes it useless. A loop that
        was busy for a while would send on it and never know whether the request was carried out.
        """
        return self.usable and not self._inbox.poll(0)

    # ------------------------------------------------------------------------ one exchange

    def send(self, data: bytes, *, bodyless: bool = False, streaming: bool = False) -> None:
        """Open an exchange by sending `data`; a streaming one is told of every piece of body."""
        self._busy = True
        self._streaming = streaming
        self._unread = 0
        limit = sys.maxsize if streaming else self._limits.body_bytes
        self._parser.expect(bodyless=bodyless, body_bytes=limit)
        self._transport.write(data)

    async def reply(self) -> HTTPReply:
        """Wait for the whole reply; raises HTTPError."""
        parser = self._parser
        while not parser.complete:
            await self._wait()
        return HTTPReply(parser.status, parser.headers, b"".join(parser.body))

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Wait for status and headers; raises HTTPError."""
        parser = self._parser
        while not parser.head_complete:
            await self._wait()
        return parser.status, parser.headers

    async def read(self) -> bytes:
        """Wait for more of the body, b"" at its end; raises HTTPError."""
        parser = self._parser
        while not parser.body:
            if parser.complete:
                return b""
            await self._wait()
        data = b"".join(parser.body)
        parser.body.clear()
        self._resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send more of the request's body; waits while the peer does not take it."""
        if not self.usable:
            raise self._failure or self._broken(None)
        self._transport.write(data)
        if self._writable is not None:
            await self._writable

    def finish(self) -> float | None:
        """Close the exchange: return for how many seconds the connection may idle, None for not."""
        parser = self._parser
        self._busy = False
        self.used = True
        clean = parser.complete and parser.reusable and not self.uploading and self.usable
        if not clean or self._transport.get_write_buffer_size():
            return None
        self._resume_reading()
        kept = parser.keep_alive_seconds()
        longest = self._limits.idle_seconds
        return longest if kept is None else min(longest, kept * _MARGIN)

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._end()
        self._transport.abort()

    def fail(self, error: BaseException) -> None:
        """Break the exchange off: whoever waits for it gets `error`."""
        if self._failure is None:
            self._failure = error
        self._wake()
        self.abort()

    # --------------------------------------------------------------------- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._inbox = select.poll()
        self._inbox.register(transport.get_extra_info("socket"), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        if not self._busy or parser.complete:
            self.abort()  # surplus: it would be taken for the answer to the next request
            return
        try:
            parser.feed(data)
        except HTTPError as error:
            self.fail(error)
            return
        if parser.complete:
            self._wake()
        elif self._streaming:
            self._unread += len(data)
            if self._unread > self._limits.stream_buffer_bytes:
                self._pause_reading()
            self._wake()

    def eof_received(self) -> None:
        # The one end that may complete a reply: a reset or an end of our own making never does.
        if not self._parser.feed_eof():
            self._break(None)
        self._wake()
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self._break(exc)
        self._wake()
        self.resume_writing()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # ------------------------------------------------------------------------------- inside

    def _break(self, exc: Exception | None) -> None:
        if self._failure is None and not self._parser.complete:
            self._failure = self._broken(exc)

    def _broken(self, exc: Exception | None) -> ConnectionBroken:
        begun = self._parser.begun
        how = "in the middle of its reply" if begun else "without a reply"
        why = f": {exc}" if exc is not None else ""
        text = f"the peer ended the connection {how}{why}"
        return ConnectionBroken(text, answered=begun, stale=self.used and not begun)

    async def _wait(self) -> None:
        """Wait for news; raises what broke the exchange off."""
        if self._failure is None:
            self._news = self._loop.create_future()
            await self._news
        if self._failure is not None and not self._parser.complete:
            raise self._failure

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _pause_reading(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        self._unread = 0
        if self._paused and self.usable:
            self._paused = False
            self._transport.resume_reading()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._on_end(self)
