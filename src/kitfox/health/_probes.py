"""A server of its own for probes: it answers from a thread of its own, whatever the loop does."""

import asyncio
import errno
import logging
import socket

from kitfox.health._probe_pages import ProbePages
from kitfox.health._probe_thread import ProbeThread
from kitfox.health._readiness import Readiness
from kitfox.health._watchdog import Watchdog
from kitfox.net import (
    Bind,
    SharedToken,
    UnixAddress,
    address_of,
    bind,
    is_loopback,
    parse_address,
)

_log = logging.getLogger("kitfox.health")


class Probes:
    """Answers `/livez`, `/readyz` and `/startupz` at an address; entered in the loop it tells of.

    `address` is one as `bind` takes it: `:9000` is the loopback, `0.0.0.0:9000` is said on purpose.
    Details, and the pages `/debug/tasks` and `/debug/stacks`, are for whoever shows the `token`; on
    a loopback address they are open. `async with` gives the address where it listens.

    While another process has the port, as the one before does that is just being replaced, the
    probes wait for it: the service need not.

    Raises:
        ValueError: the address is malformed, or the token empty.
        OSError: the address cannot be had, and not because somebody else has it.
    """

    def __init__(
        self,
        address: str,
        readiness: Readiness,
        *,
        watchdog: Watchdog | None = None,
        token: str | None = None,
        bind: Bind = bind,
    ) -> None:
        place = parse_address(address)
        self._address = address
        self._local = isinstance(place, UnixAddress) or is_loopback(place.host)
        self._readiness = readiness
        self._watchdog = watchdog
        self._token = None if token is None else SharedToken(token)
        self._bind = bind
        self._thread: ProbeThread | None = None

    async def __aenter__(self) -> str:
        """Begin to answer."""
        if self._thread is not None:
            raise RuntimeError("these probes are open already")
        loop = asyncio.get_running_loop()
        listening = self._try_to_bind()
        if listening is None:
            _log.warning("another process has %s: the probes wait for it", self._address)
        where = self._address if listening is None else address_of(listening)
        self._thread = ProbeThread(self._pages(loop), listening, self._try_to_bind)
        self._thread.start()
        return where

    async def __aexit__(self, *exc: object) -> None:
        """Answer no more."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.aclose()

    def _pages(self, loop: asyncio.AbstractEventLoop) -> ProbePages:
        return ProbePages(
            self._readiness,
            self._watchdog,
            loop,
            token=self._token,
            local=self._local,
        )

    def _try_to_bind(self) -> socket.socket | None:
        """Return what listens; None while another process does."""
        try:
            listening = self._bind(self._address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return None
        _log.info("probes at %s", address_of(listening))
        return listening
