"""The catalogue: which sealed segments there are, what their blocks hold, what each source sent.

It is SQLite, and it decides: a segment is sealed when, and only when, the catalogue lists it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from kitfox.services.logs._query import Filter
from kitfox.services.logs._retention import Sealed
from kitfox.services.logs._segment import Block

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
    base INTEGER PRIMARY KEY, count INTEGER NOT NULL, size INTEGER NOT NULL, sealed REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS block (
    segment INTEGER NOT NULL REFERENCES segment (base) ON DELETE CASCADE,
    service TEXT NOT NULL, level INTEGER NOT NULL, oldest REAL NOT NULL, newest REAL NOT NULL,
    count INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    PRIMARY KEY (segment, offset)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS block_by_service ON block (service, newest);
CREATE INDEX IF NOT EXISTS block_by_time ON block (newest);
CREATE TABLE IF NOT EXISTS source (
    name TEXT PRIMARY KEY, sequence INTEGER NOT NULL, seen REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_SELECT = (
    "SELECT segment, service, level, oldest, newest, count, offset, length FROM block"
    " WHERE level >= :level AND newest >= :since AND oldest < :until AND oldest <= :before"
    " AND segment < :end AND (newest, segment, offset) < (:newest, :segment, :offset)"
)
_OF_SERVICE = " AND service = :service"
_NEWEST_FIRST = " ORDER BY newest DESC, segment DESC, offset DESC LIMIT 256"
_UPSERT = (
    "INSERT INTO source VALUES (?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, seen = excluded.seen"
)


class Catalogue:
    """The catalogue's database. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False)
        try:
            for pragma in _PRAGMAS:
                self._db.execute(f"PRAGMA {pragma}").close()
            self._db.executescript(_SCHEMA).close()
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def add(
        self, segment: Sealed, blocks: Iterable[Block], sources: Mapping[str, tuple[int, float]]
    ) -> None:
        """List a segment and what its sources have sent, in one transaction."""
        rows = [
            (segment.base, b.service, b.level, b.oldest, b.newest, b.count, b.offset, b.length)
            for b in blocks
        ]
        with self._db as db:
            db.execute(
                "INSERT INTO segment VALUES (?, ?, ?, ?)",
                (segment.base, segment.count, segment.size, segment.sealed),
            )
            db.executemany("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            db.executemany(_UPSERT, [(name, *value) for name, value in sources.items()])

    def forget(self, bases: Iterable[int]) -> None:
        """Take segments off the list."""
        with self._db as db:
            db.executemany("DELETE FROM segment WHERE base = ?", [(base,) for base in bases])

    def forget_sources(self, seen_before: float) -> None:
        """Forget the sources that have long been silent."""
        with self._db as db:
            db.execute("DELETE FROM source WHERE seen < ?", (seen_before,))

    def segments(self) -> list[Sealed]:
        """Return all sealed segments, in the order of their bases."""
        return [Sealed(*row) for row in self._rows("SELECT * FROM segment ORDER BY base")]

    def sources(self) -> dict[str, int]:
        """Return the last number of each source."""
        return dict(self._rows("SELECT name, sequence FROM source"))

    def blocks(self, wanted: Filter, before: float, end: int) -> Iterator[tuple[int, Block]]:
        """Yield each block that may answer, with the base of its segment; newest blocks first.

        Only segments with a base below `end` count, so that what is sealed meanwhile does not.
        """
        sql = _SELECT + (_OF_SERVICE if wanted.service else "") + _NEWEST_FIRST
        values: dict[str, object] = {
            "level": wanted.level,
            "service": wanted.service,
            "since": wanted.since,
            "until": float("inf") if wanted.until is None else wanted.until,
            "before": before,
            "end": end,
        }
        last = {"newest": float("inf"), "segment": 0, "offset": 0}
        while rows := self._rows(sql, values | last):
            for segment, *block in rows:
                yield segment, (found := Block(*block))
                last = {"newest": found.newest, "segment": segment, "offset": found.offset}

    def _rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[Any]:
        with closing(self._db.execute(sql, values or {})) as cursor:
            return cursor.fetchall()
