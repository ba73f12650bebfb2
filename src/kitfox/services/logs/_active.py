"""The active segment: the newest entries, in memory to be asked and in a file to be kept.

The file is a sequence of frames, one for each batch: a head that names the batch's source and
last number, then its entries, one JSON object on each line. A batch is thus stored together with
the fact that it was stored, or not at all.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from kitfox.services.logs._entry import Batch, Stored
from kitfox.services.logs._files import open_growing, sync_folder, write_all
from kitfox.services.logs._framing import frame, spans
from kitfox.services.logs._segment import Group, Line, read_lines


class Head(msgspec.Struct, frozen=True):
    """What a frame begins with: the source, the number of its last entry, when it was stored."""

    source: str
    sequence: int
    stored: float


_head = msgspec.json.Decoder(Head)
_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Contents:
    """The entries of an active segment by service and level, and the sources they came from."""

    groups: dict[Group, list[Line]] = field(default_factory=dict[Group, list[Line]])
    heads: dict[str, Head] = field(default_factory=dict[str, Head])
    count: int = 0
    began: float | None = None

    def add(self, head: Head, entries: Sequence[Stored], lines: Sequence[bytes]) -> None:
        """Take in one batch."""
        for stored, raw in zip(entries, lines, strict=True):
            group = stored.entry.service, stored.entry.level
            self.groups.setdefault(group, []).append((stored.entry.time, stored.id, raw))
        self.heads[head.source] = head
        self.count += len(entries)
        if self.began is None:
            self.began = head.stored


def read_contents(data: bytes) -> tuple[Contents, int]:
    """Return what the whole frames of a file hold, and how long its sound part is."""
    contents, sound = Contents(), 0
    for start, end in spans(data):
        head, _, body = data[start:end].partition(b"\n")
        contents.add(_head.decode(head), read_lines(body), body.split(b"\n"))
        sound = end
    return contents, sound


class Active:
    """An active segment's file. Opening it cuts off what a dying process left unfinished."""

    def __init__(self, path: Path, base: int) -> None:
        self.path = path
        self.base = base
        self._fd = open_growing(path)
        self.contents, self.size = read_contents(path.read_bytes())
        os.ftruncate(self._fd, self.size)
        sync_folder(path.parent)

    @property
    def next_id(self) -> int:
        """The id of the next entry."""
        return self.base + self.contents.count

    def append(self, batches: Sequence[Batch], now: float) -> list[Stored]:
        """Store batches with one fsync, and return their entries with their ids.

        Raises:
            OSError: the disk refused; nothing of it is stored.
        """
        written = list(_number(batches, self.next_id, now))
        data = b"".join(
            frame(b"\n".join((_encoder.encode(head), *lines))) for head, _, lines in written
        )
        self._write(data)
        for head, entries, lines in written:
            self.contents.add(head, entries, lines)
        return [stored for _, entries, _ in written for stored in entries]

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _write(self, data: bytes) -> None:
        try:
            write_all(self._fd, data, self.size)
            os.fsync(self._fd)
        except OSError:
            os.ftruncate(self._fd, self.size)
            raise
        self.size += len(data)


_Written = tuple[Head, list[Stored], list[bytes]]


def _number(batches: Sequence[Batch], next_id: int, now: float) -> list[_Written]:
    written: list[_Written] = []
    for batch in batches:
        entries = [Stored(next_id + i, entry) for i, entry in enumerate(batch.entries)]
        head = Head(batch.source, batch.last, now)
        written.append((head, entries, [_encoder.encode(stored) for stored in entries]))
        next_id += len(entries)
    return written
