"""Answers in a file, which all processes of a machine may share, and which outlives them."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from time import time
from types import TracebackType
from typing import Final, Self, TypeVar, cast

from kitfox.core import Unavailable
from kitfox.idempotency._answers import Record

T = TypeVar("T")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answer (
    key BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, owner BLOB NOT NULL, answer BLOB,
    until REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answer_until ON answer (until);
"""
_SWEEP_EVERY: Final = 1000  # claims
_PATIENCE: Final = 2.0  # seconds that another process may hold the file


class SQLiteAnswers(AbstractAsyncContextManager["SQLiteAnswers"]):
    """Keeps answers in a SQLite file while it is open; each is on the disk before it is sent.

    Of more than `most` the oldest are forgotten, so it holds at most a thousand more. The file
    holds replies: nobody else may read it.

    Raises, when it is entered, OSError or sqlite3.Error: the file cannot be used.
    """

    def __init__(
        self, path: str | Path, *, most: int = 1_000_000, wall: Callable[[], float] = time
    ) -> None:
        self._path = Path(path)
        self._most = most
        self._wall = wall
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kitfox-answers")
        self._database: sqlite3.Connection | None = None
        self._claims = 0

    async def __aenter__(self) -> Self:
        """Open or make the file."""
        loop = asyncio.get_running_loop()
        try:
            self._database = await loop.run_in_executor(self._thread, self._open)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        database, self._database = self._database, None
        if database is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, database.close)
        self._thread.shutdown()

    async def claim(
        self, key: bytes, fingerprint: bytes, owner: bytes, *, seconds: float
    ) -> Record | None:
        """Claim a free key, or return what is known of it."""
        now = self._wall()

        def claim(database: sqlite3.Connection) -> Record | None:
            self._sweep_sometimes(database, now)
            query = "SELECT fingerprint, answer FROM answer WHERE key = ? AND until > ?"
            with closing(database.execute(query, (key, now))) as cursor:
                if (row := cursor.fetchone()) is not None:
                    return Record(*cast("tuple[bytes, bytes | None]", row))
            row = (key, fingerprint, owner, now + seconds)
            database.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, NULL, ?)", row)
            return None

        return await self._do(claim)

    async def keep(self, key: bytes, owner: bytes, answer: bytes, *, seconds: float) -> None:
        """Keep an answer."""
        change = "UPDATE answer SET answer = ?, until = ? WHERE key = ? AND owner = ?"
        values = (answer, self._wall() + seconds, key, owner)
        await self._do(lambda database: database.execute(change, values).close())

    async def release(self, key: bytes, owner: bytes) -> None:
        """Free the key, if it is still the owner's."""
        change = "DELETE FROM answer WHERE key = ? AND owner = ? AND answer IS NULL"
        await self._do(lambda database: database.execute(change, (key, owner)).close())

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in one transaction, off the loop; raises Unavailable."""
        if (database := self._database) is None:
            raise Unavailable("the store of answers is not open")

        def transact() -> T:
            database.execute("BEGIN IMMEDIATE")
            try:
                done = work(database)
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
            return done

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, transact)
        except sqlite3.Error as error:
            raise Unavailable(f"the store of answers cannot be used: {error}") from error

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, isolation_level=None, timeout=_PATIENCE)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(_SCHEMA)
        except BaseException:
            database.close()
            raise
        return database

    def _sweep_sometimes(self, database: sqlite3.Connection, now: float) -> None:
        """Strike out what is over; then, if there is still too much, the oldest answers."""
        if self._claims % _SWEEP_EVERY == 0:
            database.execute("DELETE FROM answer WHERE until <= ?", (now,))
            database.execute(
                "DELETE FROM answer WHERE key IN (SELECT key FROM answer WHERE answer IS NOT NULL "
                "ORDER BY until LIMIT max(0, (SELECT count(*) FROM answer) - ?))",
                (self._most,),
            )
        self._claims += 1
