"""The connections to one origin: carries out what the pool decides."""

import asyncio
from collections.abc import Awaitable, Callable

from kitfox.net._errors import QueueFull
from kitfox.net._http_connection import HTTPConnection, OnEnd
from kitfox.net._http_limits import ClientLimits
from kitfox.net._pool import Close, Hand, Pool

Waiter = asyncio.Future[HTTPConnection | None]  # None: a place, to open a connection on


class OriginConnections:
    """Leases the connections of one origin; `open_connection` makes one more."""

    def __init__(
        self, limits: ClientLimits, open_connection: Callable[[OnEnd], Awaitable[HTTPConnection]]
    ) -> None:
        self._limits = limits
        self._open_connection = open_connection
        self._pool: Pool[HTTPConnection, Waiter] = Pool(
            max_connections=limits.connections, max_idle=limits.idle_connections
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is open, being opened, or waited for."""
        return self._pool.is_empty

    def take(self, now: float) -> HTTPConnection | None:
        """Lease an idle connection, if there is a good one."""
        connection = self._pool.take(now)
        while connection is not None and not connection.is_quiet():
            connection.abort()
            self._vacate()
            connection = self._pool.take(now)
        return connection

    async def lease(self, now: float) -> HTTPConnection:
        """Open a connection or wait for one; after `take` had none. Raises HTTPError."""
        self.close_expired(now)
        if self._pool.reserve():
            return await self._open()
        if self._pool.waiting >= self._limits.waiting:
            raise QueueFull(f"{self._pool.waiting} requests wait for a connection already")
        connection = await self._queue()
        if connection is None or not connection.usable:
            return await self._open()  # on the place that was handed over
        return connection

    def release(self, connection: HTTPConnection, now: float) -> None:
        """Take back a leased connection; it is closed unless its exchange ended well."""
        seconds = connection.finish()
        if not seconds:
            connection.abort()
            self._vacate()
        else:
            self._give_back(connection, now + seconds)

    def forget(self, connection: HTTPConnection) -> None:
        """Take note that a connection ended; a leased one is released by who leased it."""
        self._pool.remove(connection)

    def close_expired(self, now: float) -> float | None:
        """Close what idled for too long; return when there will be more to close."""
        for connection in self._pool.expire(now):
            connection.abort()
        return self._pool.next_expiry()

    def close_idle(self) -> None:
        """Close all idle connections."""
        for connection in self._pool.clear_idle():
            connection.abort()

    async def _open(self) -> HTTPConnection:
        try:
            return await self._open_connection(self.forget)
        except BaseException:
            self._vacate()
            raise

    async def _queue(self) -> HTTPConnection | None:
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._pool.wait(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            self._leave(waiter)
            raise

    def _leave(self, waiter: Waiter) -> None:
        """The caller gave up: leave the queue, or pass on what it was handed a moment ago."""
        if waiter.cancelled():
            self._pool.give_up(waiter)
            return
        connection = waiter.result()
        if connection is None or not connection.usable:
            self._vacate()
        else:
            now = asyncio.get_running_loop().time()
            self._give_back(connection, now + self._limits.idle_seconds)

    def _give_back(self, connection: HTTPConnection, until: float) -> None:
        verdict = self._pool.release(connection, until)
        while isinstance(verdict, Hand) and not _hand(verdict.waiter, connection):
            verdict = self._pool.release(connection, until)
        if isinstance(verdict, Close):
            verdict.connection.abort()

    def _vacate(self) -> None:
        verdict = self._pool.vacate()
        while verdict is not None and not _hand(verdict.waiter, None):
            verdict = self._pool.vacate()


def _hand(waiter: Waiter, gift: HTTPConnection | None) -> bool:
    """Hand over; False when the waiter was cancelled in this very turn of the loop."""
    if waiter.done():
        return False
    waiter.set_result(gift)
    return True
