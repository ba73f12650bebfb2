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

    An event of more than `limit` bytes raises ResourceExhausted.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that `data` completes."""
        whole = self._rest + data if self._rest else data
        if b"\r" in whole:
            whole = whole.replace(b"\r\n", b"\n")
        *blocks, self._rest = whole.split(b"\n\n")
        if len(self._rest) > self._limit:
            text = f"one event of the reply is longer than {self._limit} bytes"
            raise ResourceExhausted(text)
        for block in blocks:
            if (event := _read(block)) is not None:
                yield event


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
