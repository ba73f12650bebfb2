"""Taking the connections of a listening socket, evenly with other processes that do so too.

The loop's own servers take all that wait as soon as they are woken; and all processes are woken.

States: taking ⇄ aside; each → closed.

- Taking: connections are taken as they come, a handful in a turn of the loop.
- Aside: the next one is left to others (`_courtesy.py`), for a moment, or until this process has
  no more than they have; or descriptors have run out.
- Closed: so is the socket; what was taken before is known to its protocol.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Final

from kitfox.net._courtesy import PATIENCE, Counts, Courtesy
from kitfox.net._listen import BACKLOG
from kitfox.net._shared_socket import SharedSocket
from kitfox.net._tally import Tally

_log = logging.getLogger("kitfox.net")

_IN_A_TURN: Final = 64  # as many as come, and yet what is connected has its turn
_OUT_OF = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RELIEF = 1.0  # seconds until it is tried again when the system had no descriptor left
_HANDSHAKE = 1.0  # seconds that handshakes may still take when no more connections are taken


class Acceptor:
    """Makes a transport of each connection, with a protocol of its own, until `aclose`.

    With `tls`, a client may take `handshake` seconds for its handshake, and `goodbye` seconds to
    answer the last word; None is asyncio's. `patience` is how long, in seconds, a connection is
    left to others.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        *,
        tls: ssl.SSLContext | None = None,
        handshake: float | None = None,
        goodbye: float | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._listening = listening
        self._protocol = protocol
        self._tls = tls
        self._handshake = handshake
        self._goodbye = goodbye
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._courtesy = Courtesy()
        self._tally: Tally | None = None
        self._open = 0
        self._aside: asyncio.TimerHandle | None = None
        self._context = Context()
        self._beginning: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Take connections from now on; their protocols run in the context of this call."""
        self._listening.settimeout(0.0)
        self._listening.listen(BACKLOG)
        if isinstance(self._listening, SharedSocket) and self._listening.tally is not None:
            self._tally = Tally.join(self._listening.tally)
        self._context = copy_context()
        self._return()

    async def aclose(self) -> None:
        """Close the socket, and let those just taken become known; cut handshakes that take long.

        Who comes later is refused at once, unless others have the socket too. A second time does
        nothing.
        """
        if self._listening.fileno() >= 0:
            self._leave_off()
            self._listening.close()
        if self._tally is not None:
            self._tally.leave()
            self._tally = None
        if self._beginning:
            _, late = await asyncio.wait(self._beginning, timeout=_HANDSHAKE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _take_turns(self) -> None:
        for _ in range(_IN_A_TURN):
            if others := self._whose():
                self._step_aside(self._patience, others)
                return
            if not self._take():
                return

    def _whose(self) -> Counts:
        if self._tally is None:
            return {}
        return self._courtesy.whose(self._open, self._tally.others())

    def _take(self) -> bool:
        """Take a connection; return whether there may be another."""
        try:
            accepted, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in _OUT_OF:
                raise
            _log.error("no connection can be taken for %g s: %s", _RELIEF, error.strerror)
            self._step_aside(_RELIEF, {})
            return False
        if self._tally is not None:
            self._courtesy.took()
            accepted = _Accepted.of(accepted, self._count)
        task = self._loop.create_task(self._begin(accepted))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)
        return True

    async def _begin(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(
                self._protocol,
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake,
                ssl_shutdown_timeout=self._goodbye,
            )
        except OSError as error:  # also ssl.SSLError
            _log.debug("a connection did not come about: %s", error)

    def _count(self, change: int) -> None:
        self._open += change
        if self._tally is None:  # nothing is taken any more
            return
        self._tally.count(self._open)
        if self._aside is not None and not self._whose():
            self._return()

    def _step_aside(self, seconds: float, others: Counts) -> None:
        self._leave_off()
        self._aside = self._loop.call_later(seconds, self._look_again, others)

    def _look_again(self, others: Counts) -> None:
        if self._tally is not None:
            self._courtesy.waited(others, self._tally.others())
        self._return()

    def _return(self) -> None:
        self._leave_off()
        # A connection that ends may bring this about; those to come have no part in its context.
        self._context.run(self._loop.add_reader, self._listening.fileno(), self._take_turns)

    def _leave_off(self) -> None:
        self._loop.remove_reader(self._listening.fileno())
        if self._aside is not None:
            self._aside.cancel()
            self._aside = None


class _Accepted(socket.socket):
    """A connection that tells when it begins, and once when it ends, whoever has it by then."""

    _count: Callable[[int], None] | None = None

    @classmethod
    def of(cls, accepted: socket.socket, count: Callable[[int], None]) -> socket.socket:
        found = cls(accepted.family, accepted.type, accepted.proto, accepted.detach())
        found._count = count
        count(1)
        return found

    def close(self) -> None:
        super().close()
        self._end()

    def detach(self) -> int:  # uvloop closes descriptors itself
        descriptor = super().detach()
        self._end()
        return descriptor

    def _end(self) -> None:
        count, self._count = self._count, None
        if count is not None:
            count(-1)
