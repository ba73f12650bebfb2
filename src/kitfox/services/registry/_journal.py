"""Durable writes off the event loop: what waits together is committed together."""

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

from kitfox.core import Unavailable
from kitfox.services.registry._store import Change, Saved, Store

_log = logging.getLogger("kitfox.registry")


class Commit:
    """One transaction, and those who wait for it."""

    def __init__(self) -> None:
        self._done = asyncio.Event()
        self._fault = ""

    def finish(self, fault: str) -> None:
        """Let all go on; `fault` says what went wrong, if anything did."""
        self._fault = fault
        self._done.set()

    async def done(self) -> None:
        """Wait until it is durable. Raises Unavailable if it failed."""
        await self._done.wait()
        if self._fault:
            raise Unavailable(self._fault)


class Journal:
    """Writes to a Store in one thread of its own.

    While a transaction is being committed, further changes gather, and go into the next one. So
    one flush to the disk serves many registrations, and changes keep their order.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kitfox-registry")
        self._store: Store | None = None
        self._changes: list[Change] = []
        self._next = Commit()
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> Saved:
        """Open the store and return what it holds. Raises sqlite3.Error."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def commit(self, *changes: Change) -> None:
        """Return when the changes are durable. Raises Unavailable if they cannot be."""
        await self.note(*changes).done()

    def note(self, *changes: Change) -> Commit:
        """Take the changes; they will be durable when the commit that is returned is done."""
        self._changes.extend(changes)
        if self._writer is None:
            loop = asyncio.get_running_loop()
            self._writer = loop.create_task(self._write_all(), context=Context())
        return self._next

    async def aclose(self) -> None:
        """Write what is left and close the store."""
        while self._writer is not None:
            await asyncio.wait([self._writer])
        store, self._store = self._store, None
        if store is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, store.close)
        self._thread.shutdown()

    def _open(self) -> Saved:
        self._store = Store.open(self._path)
        return self._store.load()

    async def _write_all(self) -> None:
        while self._changes:
            changes, self._changes = self._changes, []
            commit, self._next = self._next, Commit()
            commit.finish(await self._write(changes))
        self._writer = None

    async def _write(self, changes: list[Change]) -> str:
        """Commit the changes; return what went wrong, or nothing."""
        if self._store is None:
            return "the registry's store is not open"
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.write, changes)
        except sqlite3.Error as error:
            _log.exception("%d changes could not be stored", len(changes))
            return f"the registry cannot store anything: {error}"
        return ""
