"""Carrying a process's entries to the log service, whenever there is one."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Self

from kitfox.core import InvalidArgument, OutOfRange
from kitfox.scope import fail_after
from kitfox.services.logs._contract import Logs
from kitfox.services.logs._entry import Batch
from kitfox.services.logs._outbox import LOGGER, Outbox

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 1.0
_PATIENCE = 7  # failures before one is worth a word: some 5 s, for a system to start
_shipping = ContextVar("kitfox_shipping_logs", default=False)
_log = logging.getLogger(LOGGER)


def is_shipping() -> bool:
    """Whether the running code works for a shipper: what it logs must not be shipped again."""
    return _shipping.get()


class Shipper:
    """Sends what is in an outbox while its context is open, in order, each entry once.

    A batch is sent again until the log service has it: the service knows it by its number. One
    that the service calls wrong is dropped, and an entry says so. Leaving the context waits up to
    `grace` seconds for what is left; the rest stays in the spool for the next process.
    """

    def __init__(
        self,
        outbox: Outbox,
        logs: Logs,
        *,
        timeout: float = 5.0,
        grace: float = 2.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._logs = logs
        self._timeout = timeout
        self._grace = grace
        self._draw = draw
        self._spooled = asyncio.Event()
        self._delivered = asyncio.Event()
        self._failures = 0  # in a row
        self._task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def spooled() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._spooled.set)

        self._outbox.listen(spooled)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with suppress(TimeoutError):
                async with fail_after(self._grace):
                    await self.flush()
        finally:
            self._outbox.listen(None)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def flush(self) -> None:
        """Wait until the log service has all that was logged so far, or more."""
        await asyncio.to_thread(self._outbox.flush, self._grace)
        while not self._outbox.empty:
            self._delivered.clear()
            await self._delivered.wait()

    async def _run(self) -> None:
        _shipping.set(True)
        while True:
            try:
                await self._ship_one()
            except OSError as error:
                _log.warning("the spool cannot be read, trying again: %s", error)
                await asyncio.sleep(_LONGEST_WAIT)

    async def _ship_one(self) -> None:
        await self._deliver(await self._next())
        await asyncio.to_thread(self._outbox.drop_first)
        self._delivered.set()

    async def _next(self) -> Batch:
        while (batch := await asyncio.to_thread(self._outbox.first)) is None:
            await self._spooled.wait()
            self._spooled.clear()
        return batch

    async def _deliver(self, batch: Batch) -> None:
        """Send a batch until that is done, waiting longer each time, up to a limit."""
        wait = _FIRST_WAIT
        while not await self._is_sent(batch):
            await asyncio.sleep(wait * (1 + self._draw()) / 2)
            wait = min(2 * wait, _LONGEST_WAIT)

    async def _is_sent(self, batch: Batch) -> bool:
        try:
            async with fail_after(self._timeout):
                await self._logs.append(batch)
        except (InvalidArgument, OutOfRange) as error:
            self._outbox.note(f"dropped {len(batch.entries)} entries, refused: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the entries must not be lost
            self._count_failure(error)
            return False
        self._forget_failures()
        return True

    def _count_failure(self, error: Exception) -> None:
        """Tell the process's other log handlers when the log service stays away."""
        self._failures += 1
        if self._failures == _PATIENCE:
            _log.warning("the log service cannot be reached, spooling: %s", error)

    def _forget_failures(self) -> None:
        if self._failures >= _PATIENCE:
            _log.info("the log service is back; what was spooled is being delivered")
        self._failures = 0
