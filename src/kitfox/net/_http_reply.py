"""Replies of HTTP/1.1, from bytes; no I/O.

Rules, per connection:

- `expect` opens an exchange; a reply is awaited, then its head is complete, then the reply is.
- Informational replies (1xx) before the reply are skipped.
- A reply to HEAD ends with its head.
- A body without length and chunks ends with the connection (RFC 9112, section 6.3).
- Anything that begins after a reply is surplus: it may be read as the answer to the next request,
  so the connection is not used again.
- Bytes that bring no body (heads, trailers, chunk lines) are limited by `head_bytes`.
"""

from typing import NamedTuple

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

from kitfox.net._errors import BadReply, HTTPError, ReplyTooLarge


class HTTPReply(NamedTuple):
    """A whole reply; the names of headers are in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, in whatever case, or None."""
        return first_value(self.headers, name)


class ReplyParser:
    """The replies on one connection, one after the other."""

    def __init__(self, head_bytes: int) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []  # what came and was not taken yet
        self.head_complete = False
        self.complete = True
        self.reusable = True
        self._head_bytes = head_bytes
        self._bodyless = False
        self._body_left = 0
        self._silent = 0  # bytes since the last that brought any body
        self._refusal: HTTPError | None = None
        self._parser = HttpResponseParser(self)

    def expect(self, *, bodyless: bool, body_bytes: int) -> None:
        """Open an exchange; `bodyless` is for HEAD, `body_bytes` limits the body."""
        if self._bodyless:  # the parser still waits for the body that HEAD left out
            self._parser = HttpResponseParser(self)
        self.headers = []
        self.body = []
        self.head_complete = self.complete = False
        self._bodyless = bodyless
        self._body_left = body_bytes
        self._silent = 0

    def feed(self, data: bytes) -> None:
        """Take what came in; raises BadReply or ReplyTooLarge, after which it is of no use."""
        self._silent += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserCallbackError:
            if self._refusal is None:
                raise
            raise self._refusal from None
        except HttpParserUpgrade:
            raise BadReply("the peer switches protocols unasked") from None
        except HttpParserError as error:
            self.reusable = False
            if not self.complete:
                raise BadReply(f"not a reply of HTTP/1.1: {error}") from None
        if self._silent > self._head_bytes and not self.complete:
            raise ReplyTooLarge(f"the head is over {self._head_bytes} bytes")

    def feed_eof(self) -> bool:
        """Take note that the peer ended; say whether this ends the reply as it should."""
        self.reusable = False
        if self.complete:
            return True
        framed = any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
        self.complete = self.head_complete and not framed
        return self.complete

    @property
    def begun(self) -> bool:
        """Whether any byte of the awaited reply came."""
        return self.head_complete or self._silent > 0

    def keep_alive_seconds(self) -> float | None:
        """Return how long the peer says it keeps an idle connection, None when it does not say."""
        for name, value in self.headers:
            if name == b"keep-alive":
                return _timeout(value)
        return None

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self.complete:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.head_complete:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self._check_informational()
            return
        if self._silent > self._head_bytes:
            self._check_head()
        self._silent = 0
        self.head_complete = True
        if self._bodyless:
            self.on_message_complete()

    def on_body(self, data: bytes) -> None:
        if self.complete:
            self.reusable = False
            return
        self._silent = 0
        self._body_left -= len(data)
        if self._body_left < 0:
            self._refuse(ReplyTooLarge("the body is over its limit"))
        self.body.append(data)

    def on_chunk_header(self) -> None:
        if self.complete:
            self.reusable = False

    def on_message_complete(self) -> None:
        if self.complete:
            self.reusable = False
        elif self.head_complete:
            self.complete = True
            self.reusable = self.reusable and self._parser.should_keep_alive()
        else:
            self.headers = []  # they were those of an informational reply

    def _check_informational(self) -> None:
        if self.status < 100:
            self._refuse(BadReply(f"a reply of HTTP/1.1 has no status {self.status}"))

    def _check_head(self) -> None:
        """Tell a large head from a small one that arrived together with much body."""
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._head_bytes:
            self._refuse(ReplyTooLarge(f"the head is over {self._head_bytes} bytes"))

    def _refuse(self, error: HTTPError) -> None:
        self._refusal = error  # httptools would hide it behind an error of its own
        raise error


def first_value(headers: list[tuple[bytes, bytes]], name: str) -> str | None:
    """Return what a header says, of which the name is in lower case there, or None."""
    wanted = name.lower().encode("latin-1", "replace")
    return next((value.decode("latin-1") for each, value in headers if each == wanted), None)


def _timeout(keep_alive: bytes) -> float | None:
    for parameter in keep_alive.split(b","):
        name, _, value = parameter.strip().partition(b"=")
        if name.lower() == b"timeout" and value.isdigit():
            return float(value[:9])
    return None
