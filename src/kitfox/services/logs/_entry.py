"""One line of a log, and the batches in which lines travel."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

Level = Annotated[int, Meta(ge=1, le=24)]
LATEST = 1e11
Timestamp = Annotated[float, Meta(ge=0, le=LATEST)]
Name = Annotated[str, Meta(max_length=256)]
Text = Annotated[str, Meta(max_length=65_536)]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was logged; maps one to one to an OTLP LogRecord.

    `time` is Unix time in seconds, `level` OpenTelemetry's severity number, `fields` the record's
    attributes: whatever JSON can say.
    """

    time: Timestamp
    level: Level
    message: Text
    logger: Name = ""
    service: Name = ""
    instance: Name = ""
    trace_id: Name = ""
    fields: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Batch(msgspec.Struct, frozen=True):
    """Consecutive entries of one source; the first has the number `sequence`, the next one more.

    A source is one run of one process. Its numbers let the store drop what it has already seen.
    """

    source: Annotated[str, Meta(min_length=1, max_length=256)]
    sequence: Annotated[int, Meta(ge=1, lt=2**62)]
    entries: Annotated[tuple[Entry, ...], Meta(min_length=1, max_length=10_000)]

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.sequence + len(self.entries) - 1

    def after(self, sequence: int) -> "Batch | None":
        """Return what is left of the batch when all up to `sequence` was seen; None: nothing."""
        if self.last <= sequence:
            return None
        if self.sequence > sequence:
            return self
        return Batch(self.source, sequence + 1, self.entries[sequence + 1 - self.sequence :])


class Stored(msgspec.Struct, frozen=True):
    """An entry in the store. `id` counts arrivals; time and id together order all entries."""

    id: int
    entry: Entry

    @property
    def key(self) -> tuple[float, int]:
        """Where the entry stands among all: by its time, then by its arrival."""
        return self.entry.time, self.id
