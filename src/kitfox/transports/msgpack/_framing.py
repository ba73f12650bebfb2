"""Bytes in, frames out: all that this wire knows about reading, and no I/O."""

from collections.abc import Iterator

from kitfox.multiplex import BadFrame
from kitfox.transports.msgpack._frames import Incoming
from kitfox.transports.msgpack._general import read_frame
from kitfox.transports.msgpack._layouts import (
    ITEM,
    REQUEST,
    RESPONSE,
    read_item,
    read_reply,
    read_request,
)
from kitfox.transports.msgpack._scanner import Scanner

# What a frame may have beside its message: the method's name, metadata, an error's details.
_BESIDE = 64 << 10

_QUICK = {
    word.to_bytes(2, "big"): read
    for word, read in ((REQUEST, read_request), (RESPONSE, read_reply), (ITEM, read_item))
}


class Framing:
    """Cuts one stream of bytes into frames.

    A frame that is all there and laid out as ours are is read at once. Any other is scanned for
    its end first, and waits in `_held` for the bytes that it lacks.
    """

    def __init__(self, message_limit: int) -> None:
        self._limit = message_limit + _BESIDE
        self._held = bytearray()
        self._scanner = Scanner(self._limit)

    def feed(self, data: bytes) -> Iterator[Incoming]:
        """Yield the frames that these bytes complete. Iterate to the end before feeding more.

        Raises:
            BadFrame: the bytes break the rules of the wire; nothing after them can be understood.
        """
        if self._held:
            self._held += data
            if self._scanner.find_end(self._held) is None:
                return
            data = bytes(self._held)
            self._held.clear()
        at, size = 0, len(data)
        while at < size:
            read = _QUICK.get(data[at : at + 2])
            found = (read and read(data, at)) or self._scan(data, at)
            if found is None:
                self._held += data[at:]
                return
            frame, end = found
            if end - at > self._limit:
                raise BadFrame(f"a frame is longer than {self._limit} bytes")
            at = end
            yield frame

    def _scan(self, data: bytes, at: int) -> tuple[Incoming, int] | None:
        self._scanner = Scanner(self._limit)
        end = self._scanner.find_end(data, at)
        return None if end is None else (read_frame(data[at:end]), end)
