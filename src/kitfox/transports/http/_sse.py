"""Streamed replies as server-sent events (WHATWG HTML, section 9.2), written and read.

A reply is an event without a name whose data is the message as JSON. The stream ends with the
event `end`, whose data holds the reply metadata, or `error`, whose data is a problem document; a
stream that stops without either was cut off. Comments keep idle connections from being taken
for dead.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from kitfox.core import ResourceExhausted

KEEP_ALIVE = b":\n\n"


class End(msgspec.Struct, frozen=True):
    """What the last event says."""

    metadata: dict[str, str] = {}


class Event(NamedTuple):
    """One event; `name` is empty for a reply."""

    name: bytes
    data: bytes


def write_event(data: bytes, name: bytes = b"") -> bytes:
    """Return an event as bytes. `data` is JSON, which has no line breaks of its own."""
    return b"event: " + name + b"\ndata: " + data + b"\n\n" if name else b"data: " + data + b"\n\n"


class EventReader:
    """Cuts a stream of bytes into events, wherever it was split on the way.

    Lines end in LF, CRLF or CR. An event of more than `limit` bytes raises ResourceExhausted.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._split_crlf = b""  # a CR whose LF may be still to come

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that `data` completes."""
        *blocks, self._rest = (self._rest + self._lines(data)).split(b"\n\n")
        for block in blocks:
            self._check(block)
            if (event := _read(block)) is not None:
                yield event
        self._check(self._rest.removesuffix(b"\n"))

    def _lines(self, data: bytes) -> bytes:
        """Return `data` with LF for all line ends."""
        data, self._split_crlf = self._split_crlf + data, b""
        if b"\r" not in data:
            return data
        if data.endswith(b"\r"):
            data, self._split_crlf = data[:-1], b"\r"
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _check(self, event: bytes) -> None:
        if len(event) > self._limit:
            text = f"one event of the reply is longer than {self._limit} bytes"
            raise ResourceExhausted(text)


def _read(block: bytes) -> Event | None:
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(name, b"\n".join(data)) if data else None
