"""A connection to NATS that is made again after each loss, for ever.

States: down (connecting) ⇄ up (a session stands) → closed. `opened` runs when a session stands and
what it returns, `Line.up`, is used until the session is lost; `lost` runs then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, Protocol, TypeVar

from kitfox.net import TLSError
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._target import OnConnection, Target

_log = logging.getLogger("kitfox.nats")

_BEFORE_NEXT_TRY = 0.2  # seconds


class Loses(Protocol):
    """What stands on a session, and hears that it is gone."""

    def lose(self, why: str) -> None: ...


L = TypeVar("L", bound=Loses)


class Line(Generic[L]):
    """Keeps a session to one NATS system."""

    def __init__(
        self,
        target: Target,
        opened: Callable[[Session], Awaitable[L]],
        on_connection: OnConnection | None,
    ) -> None:
        self._target = target
        self._opened = opened
        self._on_connection = on_connection
        self._running: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._changed = asyncio.Event()
        self._why = "no server answers"
        self.up: L | None = None

    @property
    def why(self) -> str:
        """What went wrong last."""
        return self._why if self._session is None else self._session.last_error

    def start(self) -> None:
        """Begin to connect, unless that has begun."""
        if self._running is None:
            # In a context of its own: the deadline of whoever came first is not the others'.
            self._running = asyncio.create_task(self._run(), context=Context())

    async def wait(self, seconds: float) -> L | None:
        """Return what stands on the session, as soon as one stands; None when none does in time."""
        if self.up is None and seconds > 0:
            waiting = asyncio.create_task(self._stands())
            try:
                await asyncio.wait([waiting], timeout=seconds)
            finally:
                waiting.cancel()
        return self.up

    async def flush(self) -> None:
        """Wait until all that was sent is out."""
        if self._session is not None:
            await self._session.flush()

    async def aclose(self) -> None:
        """Leave NATS; what stands on the session hears that it is lost."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _stands(self) -> None:
        while self.up is None:
            await self._changed.wait()

    async def _run(self) -> None:
        while True:
            self._session = session = Session(self._target)
            try:
                await session.connect()
                up = await self._opened(session)
                self._turn(up)
                try:
                    self._why = await session.lost
                finally:
                    self._turn(None)
                    up.lose(self._why)
                _log.warning("lost %s: %s", self._target.url, self._why)
            except (TLSError, ConnectionError) as error:
                self._why = str(error)
                _log.warning("cannot connect to %s: %s", self._target.url, error)
            finally:
                await session.aclose()
            await asyncio.sleep(_BEFORE_NEXT_TRY)

    def _turn(self, up: L | None) -> None:
        """Note that what stands has changed, and tell whoever asked."""
        self.up = up
        if up is None:
            self._changed.clear()
        else:
            _log.info("connected to %s", self._target.url)
            self._changed.set()
        if self._on_connection is not None:
            self._on_connection(up is not None)
