"""The store as the event loop sees it: all its work is done in one thread, one piece at a time.

Batches that come while the disk is busy wait together and are stored with one fsync. A search
goes on piece by piece, so that what comes to be stored never waits for a whole one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from kitfox.core import ResourceExhausted, Unavailable
from kitfox.services.logs._entry import Batch, Stored
from kitfox.services.logs._query import Query
from kitfox.services.logs._scan import Scan
from kitfox.services.logs._settings import LogSettings
from kitfox.services.logs._store import Store

P = ParamSpec("P")
R = TypeVar("R")
Clock = Callable[[], float]
_Waiting = tuple[Batch, asyncio.Future[None]]

_CHUNKS_AT_ONCE = 8
_CHUNKS_A_PAGE = 1024
_log = logging.getLogger("kitfox.logs")


class Archive:
    """A store that can be awaited. `stored` is told of new entries, in the order of their ids."""

    def __init__(
        self, settings: LogSettings, clock: Clock, stored: Callable[[Sequence[Stored]], None]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._stored = stored
        self._worker = ThreadPoolExecutor(1, "kitfox-logs")
        self._waiting: list[_Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._store: Store

    async def open(self) -> None:
        """Open the store."""
        folder = Path(self._settings.directory)
        try:
            self._store = await self.run(Store, folder, self._settings, self._clock())
        except BaseException:
            self._worker.shutdown()
            raise

    async def close(self) -> None:
        """Store what waits to be stored, then close the store."""
        if self._committing is not None:
            await self._committing
        await self.run(self._store.close)
        self._worker.shutdown()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in the store's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, lambda: function(*args, **kwargs))

    async def append(self, batch: Batch) -> int:
        """Store a batch, and return the number of the last entry there is of its source.

        Raises:
            ResourceExhausted: too many batches wait for the disk.
            Unavailable: the disk refuses.
        """
        if len(self._waiting) >= self._settings.waiting_batches:
            raise ResourceExhausted(f"{len(self._waiting)} batches wait for the disk already")
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_waiting())
        await done
        return self._store.sequence(batch.source)

    async def scan(self, query: Query) -> Scan:
        """Return a search, done as far as one page needs or one call may go.

        Raises:
            ValueError: the cursor is not ours.
        """
        scan = await self.run(self._store.scan, query)
        opened = 0
        while not scan.done and not (opened >= _CHUNKS_A_PAGE and scan.advanced):
            opened += await self.run(_step, scan)
        return scan

    async def housekeep(self) -> None:
        """Seal and remove segments as is due; what fails is logged and tried again later."""
        try:
            await self.run(self._store.housekeep, self._clock())
        except Exception:  # noqa: BLE001 - whatever it is, the log goes on
            _log.exception("the log's files cannot be put in order; trying again later")

    async def _commit_waiting(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await self._commit(group)
            if self._store.full:
                await self.housekeep()
        self._committing = None

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        batches = [batch for batch, _ in group]
        try:
            stored = await self.run(self._store.append, batches, self._clock())
        except OSError as error:
            _log.error("the log cannot be written: %s", error)
            _settle(group, Unavailable(f"the log cannot be written: {error.strerror}"))
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            _settle(group, error)
        else:
            _settle(group, None)
            self._stored(stored)


def _settle(group: Sequence[_Waiting], error: Exception | None) -> None:
    for _, done in group:
        if done.done():  # its caller has gone
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


def _step(scan: Scan) -> int:
    """Open a few chunks, and say how many."""
    for opened in range(_CHUNKS_AT_ONCE):
        if scan.done:
            return opened
        scan.step()
    return _CHUNKS_AT_ONCE
