"""What is kept of an output: all of it up to a limit, or its beginning and end."""

from typing import Protocol, runtime_checkable

from kitfox.exec._errors import OutputTooLargeError


@runtime_checkable
class Sink(Protocol):
    """What takes the output of a command, piece by piece; it must not block."""

    def write(self, data: bytes, /) -> object:
        """Take one piece."""
        ...


class Capture:
    """Keeps an output whole; OutputTooLargeError beyond `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()

    def write(self, data: bytes, /) -> None:
        if len(self._kept) + len(data) > self._limit:
            raise OutputTooLargeError(f"more than {self._limit} bytes were written; see `limit`")
        self._kept += data

    def getvalue(self) -> bytes:
        """Give all that was written."""
        return bytes(self._kept)


class HeadAndTail:
    """Keeps the first `head` and the last `tail` bytes of an output, however long it is."""

    def __init__(self, head: int = 32 * 1024, tail: int = 32 * 1024) -> None:
        self._head_size = head
        self._tail_size = tail
        self._head = bytearray()
        self._tail = bytearray()
        self._omitted = 0

    @property
    def omitted(self) -> int:
        """How many bytes between them were not kept."""
        return self._omitted + max(0, len(self._tail) - self._tail_size)

    def write(self, data: bytes, /) -> None:
        """Take one piece."""
        room = self._head_size - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_size:  # not at each piece: a shift costs its length
            self._trim()

    def _trim(self) -> None:
        surplus = len(self._tail) - self._tail_size
        del self._tail[:surplus]
        self._omitted += surplus

    def getvalue(self) -> bytes:
        """Give what was kept, with a line that says so where something is missing."""
        omitted = self.omitted
        kept = bytes(self._tail[max(0, len(self._tail) - self._tail_size) :])
        note = b"\n... %d bytes omitted ...\n" % omitted if omitted else b""
        return bytes(self._head) + note + kept
