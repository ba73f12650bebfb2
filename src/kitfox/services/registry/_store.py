"""Registrations on disk, in SQLite. Everything here blocks; `Journal` keeps it off the loop."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Self, cast

import msgspec

from kitfox.registry import Instance, OriginalProvider, OriginalRegistration

_SCHEMA = """
CREATE TABLE IF NOT EXISTS revision (value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS instance (
    service TEXT, id TEXT, body BLOB NOT NULL, owner BLOB NOT NULL, ttl REAL NOT NULL,
    PRIMARY KEY (service, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS weight (
    service TEXT, id TEXT, value INTEGER NOT NULL,
    PRIMARY KEY (service, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS original (
    url TEXT PRIMARY KEY, body BLOB NOT NULL, peer TEXT NOT NULL, told BLOB NOT NULL,
    missing INTEGER NOT NULL
) WITHOUT ROWID;
"""

_Value = str | bytes | float
Change = tuple[str, tuple[_Value, ...]]


class SavedInstance(NamedTuple):
    """An instance with its lease; `owner` is a hash, the secret itself is nowhere."""

    instance: Instance
    owner: bytes
    ttl: float


class SavedWeight(NamedTuple):
    """An operator's weight of an instance."""

    service: str
    id: str
    weight: int


class SavedOriginal(NamedTuple):
    """A registration of the original kind, who made it, and what it was told last."""

    registration: OriginalRegistration
    peer: str
    told: frozenset[OriginalProvider]
    missing: bool


class Saved(NamedTuple):
    """All that a registry wakes up with."""

    revision: int
    instances: list[SavedInstance]
    originals: list[SavedOriginal]
    weights: list[SavedWeight]


def put_instance(saved: SavedInstance) -> Change:
    """Write an instance down."""
    instance, owner, ttl = saved
    row = (instance.service, instance.id, msgspec.json.encode(instance), owner, ttl)
    return "INSERT OR REPLACE INTO instance VALUES (?, ?, ?, ?, ?)", row


def drop_instance(service: str, id: str) -> Change:
    """Strike an instance out."""
    return "DELETE FROM instance WHERE service = ? AND id = ?", (service, id)


def put_weight(saved: SavedWeight) -> Change:
    """Write an operator's weight down."""
    return "INSERT OR REPLACE INTO weight VALUES (?, ?, ?)", tuple(saved)


def drop_weight(service: str, id: str) -> Change:
    """Strike an operator's weight out."""
    return "DELETE FROM weight WHERE service = ? AND id = ?", (service, id)


def put_original(saved: SavedOriginal) -> Change:
    """Write a registration of the original kind down."""
    registration, peer, told, missing = saved
    row = (
        registration.service_url,
        msgspec.json.encode(registration),
        peer,
        msgspec.json.encode(sorted(told)),
        int(missing),
    )
    return "INSERT OR REPLACE INTO original VALUES (?, ?, ?, ?, ?)", row


def drop_original(url: str) -> Change:
    """Strike a registration of the original kind out."""
    return "DELETE FROM original WHERE url = ?", (url,)


def set_revision(revision: int) -> Change:
    """Note the newest revision."""
    return "UPDATE revision SET value = ?", (revision,)


class Store:
    """One SQLite file; or, with an empty path, memory."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @classmethod
    def open(cls, path: str) -> Self:
        """Open or make the file, for nobody else. Raises OSError and sqlite3.Error."""
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=2.0)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(_SCHEMA)
            database.execute(
                "INSERT INTO revision SELECT 0 WHERE NOT EXISTS (SELECT * FROM revision)"
            )
        except BaseException:
            database.close()
            raise
        return cls(database)

    def load(self) -> Saved:
        """Read everything. Raises sqlite3.Error, and msgspec.DecodeError for a foreign file."""
        ((revision,),) = self._rows("SELECT value FROM revision")
        return Saved(
            cast("int", revision),
            [_instance(row) for row in self._rows("SELECT body, owner, ttl FROM instance")],
            [
                _original(row)
                for row in self._rows("SELECT body, peer, told, missing FROM original")
            ],
            [_weight(row) for row in self._rows("SELECT service, id, value FROM weight")],
        )

    def write(self, changes: Iterable[Change]) -> None:
        """Make all changes durable, or none. Raises sqlite3.Error."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            for statement, values in changes:
                self._database.execute(statement, values)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _rows(self, query: str) -> list[Sequence[object]]:
        with closing(self._database.execute(query)) as cursor:
            return cast("list[Sequence[object]]", cursor.fetchall())


def _instance(row: Sequence[object]) -> SavedInstance:
    body, owner, ttl = cast("tuple[bytes, bytes, float]", row)
    return SavedInstance(msgspec.json.decode(body, type=Instance), owner, ttl)


def _weight(row: Sequence[object]) -> SavedWeight:
    return SavedWeight(*cast("tuple[str, str, int]", row))


def _original(row: Sequence[object]) -> SavedOriginal:
    body, peer, told, missing = cast("tuple[bytes, str, bytes, int]", row)
    return SavedOriginal(
        msgspec.json.decode(body, type=OriginalRegistration),
        peer,
        msgspec.json.decode(told, type=frozenset[OriginalProvider]),
        bool(missing),
    )
