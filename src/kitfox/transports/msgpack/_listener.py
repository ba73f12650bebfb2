"""Methods served over MessagePack-RPC."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from kitfox.core import Kind, Routes
from kitfox.multiplex import KeepAlive
from kitfox.net import TLS, Acceptor, Bind, address_of, bind, check_guarded
from kitfox.transports.msgpack._limits import RPCLimits
from kitfox.transports.msgpack._links import Links
from kitfox.transports.msgpack._upgrade import UPGRADE
from kitfox.transports.msgpack._url import url_of

_ASKED = 3  # how often the kernel asks a silent peer before it gives up
_HANDSHAKE = 10.0  # how long, in seconds, a caller may take over that of TLS


class RPC:
    """A listener for MessagePack-RPC, the wire between kitfox's own services.

    `address` is `host:port`, `:port` for loopback, or `unix:/path`; port 0 picks a free one. One
    that other machines can reach needs a `token`, which callers show first, a `tls` that asks
    clients for certificates, or `public=True`.
    `grace` is how long, in seconds, running calls may go on when the listener stops; `bind` opens
    the address, or has it open already.

    Raises:
        ValueError: the address is malformed, or open to others without a word about it.
    """

    kinds = frozenset(Kind)

    def __init__(
        self,
        address: str = ":0",
        *,
        tls: TLS | None = None,
        public: bool = False,
        token: str | None = None,
        grace: float = 30.0,
        bind: Bind = bind,
        limits: RPCLimits | None = None,
        keep_alive: KeepAlive | None = None,
    ) -> None:
        check_guarded(address, tls=tls, token=token, public=public)
        self._tls = tls
        self._address = address
        self._bind = bind
        self._token = token
        self._grace = grace
        self._limits = limits or RPCLimits()
        self._keep_alive = keep_alive or KeepAlive()

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes`; yields the URL.

        Raises:
            OSError: the address cannot be had; the text says which and why.
            TLSError: a certificate or key is of no use; the text says which and why.
        """
        context = self._tls.server_context(UPGRADE) if self._tls else None
        links = Links(routes, limits=self._limits, keep_alive=self._keep_alive, token=self._token)
        with self._bind(self._address) as listening:
            _let_the_kernel_ask(listening, self._keep_alive)
            acceptor = Acceptor(
                listening, links.protocol, tls=context, handshake=_HANDSHAKE if context else None
            )
            acceptor.start()
            try:
                yield url_of(address_of(listening), secure=context is not None)
            finally:
                await acceptor.aclose()
                await links.drain(self._grace)


def _let_the_kernel_ask(listening: socket.socket, keep_alive: KeepAlive) -> None:
    """Have TCP watch over all connections: peers of the plain protocol cannot be asked by us."""
    if listening.family == socket.AF_UNIX:
        return
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):  # not everywhere; what is set here, connections inherit
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _whole(keep_alive.quiet))
        pause = _whole(keep_alive.patience / _ASKED)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, pause)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _ASKED)


def _whole(seconds: float) -> int:
    return max(1, round(seconds))
