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
        self._tried = asyncio.Event()
        self._closed = False
        self.up: L | None = None
        self.why = "no server answers"  # what went wrong last

    def start(self) -> None:
        """Begin to connect, unless that has begun, or is over."""
        if self._running is None and not self._closed:
            # In a context of its own: the deadline of whoever came first is not the others'.
            self._running = asyncio.create_task(self._run(), context=Context())

    async def tried(self) -> None:
        """Wait until the first attempt to connect is over, well or badly."""
        await self._tried.wait()

    async def wait(self, seconds: float) -> L | None:
        """Return what stands on the session, as soon as one stands; None when none does in time.

        `why` then says why not.
        """
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
        self._closed = True
        self.why = "the connection is closed"
        self._changed.set()
        if self._running is None:
            return
        if self._session is not None:
            self._session.end("it was closed")  # the client may swallow a cancellation
        self._running.cancel()
        await asyncio.wait([self._running])

    async def _stands(self) -> None:
        while self.up is None and not self._closed:
            await self._changed.wait()

    async def _run(self) -> None:
        told = False
        while not self._closed:
            self._session = session = Session(self._target)
            try:
                await session.connect()
                await self._stand(session, await self._opened(session))
                told = False
            except Exception as error:  # noqa: BLE001  whatever it is, the next try may do better
                self.why = str(error) or type(error).__name__
                if not told:  # once, not with each attempt
                    foreseen = isinstance(error, TLSError | ConnectionError)
                    text = "cannot connect to %s: %s"
                    _log.warning(text, self._target.url, self.why, exc_info=not foreseen)
                told = True
                self._tried.set()
            finally:
                await session.aclose()
            await asyncio.sleep(_BEFORE_NEXT_TRY)

    async def _stand(self, session: Session, up: L) -> None:
        """Use a session until it is lost."""
        self._turn(up)
        try:
            self.why = await session.lost
        finally:
            self._turn(None)
            up.lose(self.why)
        _log.warning("lost %s: %s", self._target.url, self.why)

    def _turn(self, up: L | None) -> None:
        """Note that what stands has changed, and tell whoever asked."""
        self.up = up
        if up is not None:
            _log.info("connected to %s", self._target.url)
            self._tried.set()
            self._changed.set()
        elif not self._closed:
            self._changed.clear()
        if self._on_connection is not None:  # not from here: it may raise
            asyncio.get_running_loop().call_soon(self._on_connection, up is not None)
