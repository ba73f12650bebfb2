"""Answers in memory, for one process and as long as it lives."""

from collections import OrderedDict
from collections.abc import Callable
from time import time
from typing import NamedTuple

from kitfox.core import ResourceExhausted
from kitfox.idempotency._answers import Record


class _Entry(NamedTuple):
    record: Record
    owner: bytes
    until: float


class MemoryAnswers:
    """Keeps the `most` newest answers; as many calls may be running."""

    def __init__(self, *, most: int = 10_000, wall: Callable[[], float] = time) -> None:
        self._most = most
        self._wall = wall
        self._running: dict[bytes, _Entry] = {}
        self._answered: OrderedDict[bytes, _Entry] = OrderedDict()  # the oldest first

    async def claim(
        self, key: bytes, fingerprint: bytes, owner: bytes, *, seconds: float
    ) -> Record | None:
        """Claim a free key, or return what is known of it."""
        now = self._wall()
        entry = self._running.get(key) or self._answered.get(key)
        if entry is not None and now < entry.until:
            return entry.record
        self._answered.pop(key, None)
        self._make_room(now)
        self._running[key] = _Entry(Record(fingerprint, None), owner, now + seconds)
        return None

    async def keep(self, key: bytes, owner: bytes, answer: bytes, *, seconds: float) -> None:
        """Keep an answer, and forget the oldest if it is one too many."""
        entry = self._running.get(key)
        if entry is None or entry.owner != owner:
            return
        del self._running[key]
        record = Record(entry.record.fingerprint, answer)
        self._answered[key] = _Entry(record, owner, self._wall() + seconds)
        if len(self._answered) > self._most:
            self._answered.popitem(last=False)

    async def release(self, key: bytes, owner: bytes) -> None:
        """Free the key, if it is still the owner's."""
        entry = self._running.get(key)
        if entry is not None and entry.owner == owner:
            del self._running[key]

    def _make_room(self, now: float) -> None:
        if len(self._running) < self._most:
            return
        self._running = {key: entry for key, entry in self._running.items() if now < entry.until}
        if len(self._running) >= self._most:
            raise ResourceExhausted(f"{self._most} calls with an idempotency key are running")
