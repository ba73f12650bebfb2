"""MessagePack-RPC on an HTTP server's port: the server hands a connection over (RFC 9110, 7.8)."""

import asyncio
from typing import cast

from kitfox.core import Kind, Routes
from kitfox.multiplex import KeepAlive
from kitfox.transports.msgpack._limits import RPCLimits
from kitfox.transports.msgpack._links import Links

UPGRADE = "kitfox-rpc"

_LONGEST_HEAD = 16 << 10


class RPCUpgrade:
    """What an HTTP listener is given: `HTTP(":8080", upgrades={"kitfox-rpc": RPCUpgrade()})`.

    Who may come in is the HTTP listener's to say.
    """

    kinds = frozenset(Kind)

    def __init__(
        self, *, limits: RPCLimits | None = None, keep_alive: KeepAlive | None = None
    ) -> None:
        self._limits = limits or RPCLimits()
        self._keep_alive = keep_alive or KeepAlive()

    def serve(self, routes: Routes) -> Links:
        """Begin to serve `routes`."""
        return Links(routes, limits=self._limits, keep_alive=self._keep_alive, token=None)


class Switch(asyncio.Protocol):
    """Asks an HTTP server for its connection, and hands it to another protocol.

    `done` is set when that has it; or to an OSError, when the server keeps it or is lost.
    """

    def __init__(self, host: str, token: str | None, after: asyncio.Protocol) -> None:
        shown = "" if token is None else f"authorization: Bearer {token}\r\n"
        self._request = (
            f"GET / HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: {UPGRADE}\r\n"
            f"{shown}\r\n"
        )
        self._after = after
        self._head = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent
        self._transport.write(self._request.encode("latin-1"))

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end and head.startswith(b"HTTP/1.1 101 "):
            self._hand_over(rest)
        elif end or len(head) > _LONGEST_HEAD:
            line = head.partition(b"\r\n")[0].decode("latin-1")
            self._fail(f"the HTTP server does not switch to {UPGRADE}: {line[:80]}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the HTTP server closed the connection: {exc or 'without a word'}")

    def abort(self) -> None:
        """Close the connection: nobody waits for it any more."""
        self._transport.abort()

    def _hand_over(self, rest: bytes) -> None:
        self._transport.set_protocol(self._after)
        self._after.connection_made(self._transport)
        if rest:
            self._after.data_received(rest)
        self._end(None)

    def _fail(self, why: str) -> None:
        self._transport.abort()
        self._end(OSError(why))

    def _end(self, error: OSError | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
