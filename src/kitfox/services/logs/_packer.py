"""Numbering entries, packing them into batches, and keeping count of what had no room."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import msgspec

from kitfox.services.logs._entry import Entry

_BATCH_BYTES = 512 * 1024
_ENTRY_BYTES = 256 * 1024


class _Draft(msgspec.Struct):
    """A batch whose entries are JSON already."""

    source: str
    sequence: int
    entries: list[msgspec.Raw]


class Sink(Protocol):
    """Where batches go."""

    def append(self, payload: bytes) -> bool:
        """Take a batch; False when there is no room for it."""
        ...


class Packer:
    """Packs entries for a sink. Only what the sink took has a number, so numbers have no gap.

    What it refused is told by an entry, made by `note`, as soon as there is room for that.
    """

    def __init__(self, sink: Sink, source: str, note: Callable[[str], Entry]) -> None:
        self._sink = sink
        self._source = source
        self._note = note
        self._sequence = 1
        self._lost: dict[str, int] = {}

    def pack(self, entries: Iterable[Entry], lost: int = 0) -> None:
        """Pack entries; `lost` more came after them and are gone, because memory was full."""
        self._report_losses()
        for batch in _cut(map(_encode, entries)):
            if (reason := self._refusal(batch)) is not None:
                self._count_loss(reason, len(batch))
        self._count_loss("memory full", lost)
        self._report_losses()

    def _refusal(self, entries: list[bytes]) -> str | None:
        """Hand entries to the sink, or say why that cannot be."""
        draft = _Draft(self._source, self._sequence, [msgspec.Raw(entry) for entry in entries])
        try:
            if not self._sink.append(msgspec.json.encode(draft)):
                return "spool full"
        except OSError as error:
            return f"the spool cannot be written: {error.strerror}"
        self._sequence += len(entries)
        return None

    def _count_loss(self, reason: str, count: int) -> None:
        if count:
            self._lost[reason] = self._lost.get(reason, 0) + count

    def _report_losses(self) -> None:
        for reason, count in list(self._lost.items()):
            note = self._note(f"dropped {count} entries, {reason}")
            if self._refusal([_encode(note)]) is None:
                del self._lost[reason]


def _encode(entry: Entry) -> bytes:
    """Return the entry as JSON; one that is too large goes without its fields."""
    raw = msgspec.json.encode(entry)
    if len(raw) <= _ENTRY_BYTES:
        return raw
    return msgspec.json.encode(msgspec.structs.replace(entry, fields={"fields_dropped": len(raw)}))


def _cut(entries: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Cut entries into batches of bounded size."""
    batch: list[bytes] = []
    size = 0
    for entry in entries:
        if batch and size + len(entry) > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += len(entry)
    if batch:
        yield batch
