"""Methods called over MessagePack-RPC."""

import asyncio
import ssl
from typing import TypedDict

from kitfox.codecs import MessagePack
from kitfox.core import Closing, Endpoint, Method
from kitfox.multiplex import (
    CallerEnd,
    Credit,
    Dialled,
    Failure,
    GoingAway,
    Item,
    KeepAlive,
    Refused,
    Reply,
)
from kitfox.net import TLS, UnixAddress
from kitfox.transports.msgpack._frames import Hello
from kitfox.transports.msgpack._limits import RPCLimits
from kitfox.transports.msgpack._stream import Stream
from kitfox.transports.msgpack._upgrade import UPGRADE, Switch
from kitfox.transports.msgpack._url import parse_url

_GOODBYE = 1.0  # how long, in seconds, a closing TLS connection waits for its peer's goodbye


class _Security(TypedDict, total=False):
    ssl: ssl.SSLContext
    ssl_shutdown_timeout: float


_FROM_SERVER = (Reply, Failure, Item, Credit, Refused, GoingAway)


class RPCConnection(Closing):
    """A connection to whoever serves MessagePack-RPC at `url`, such as `rpc://127.0.0.1:7000`.

    One connection of TCP carries all calls; it is opened when needed, within `patience` seconds,
    and again when it was lost. `token` is shown to the server first. `rpcs://` speaks TLS, as
    `tls` says; `rpc+http://` takes over a connection of an HTTP server.

    Raises:
        ValueError: the URL is malformed.
        TLSError: a certificate or key is of no use; the text says which and why.
    """

    def __init__(
        self,
        url: str,
        *,
        tls: TLS | None = None,
        token: str | None = None,
        patience: float = 5.0,
        limits: RPCLimits | None = None,
        keep_alive: KeepAlive | None = None,
    ) -> None:
        self._target = parse_url(url)
        self._tls = (tls or TLS()) if self._target.secure else None
        if self._tls is not None:
            self._tls.client_context(UPGRADE)  # so that a wrong file is found now
        self._token = token
        self._limits = limits or RPCLimits()
        self._keep_alive = keep_alive or KeepAlive()
        self._dialled = Dialled(self._dial, MessagePack(), where=url, patience=patience)

    async def aclose(self) -> None:
        """Close the connection; calls that are not over end with UNAVAILABLE."""
        await self._dialled.aclose()

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`."""
        return self._dialled.endpoint(method)

    async def _dial(self) -> CallerEnd:
        made: list[CallerEnd] = []

        def begin(stream: Stream) -> None:
            made.append(self._begin(stream))

        stream = Stream(begin, message_limit=self._limits.message, keep_alive=self._keep_alive)
        if self._target.upgrades:
            await self._switch(stream)
        else:
            await self._connect(stream)
        return made[0]

    def _begin(self, stream: Stream) -> CallerEnd:
        end = CallerEnd(stream, self._limits.link)
        stream.attach(dict.fromkeys(_FROM_SERVER, end.receive), end.lose)
        if self._token is not None:
            stream.send(Hello(self._token))
        return end

    async def _switch(self, stream: Stream) -> None:
        switch = Switch(str(self._target.address), self._token, stream)
        await self._connect(switch)
        try:
            await switch.done
        except asyncio.CancelledError:
            switch.abort()
            raise

    async def _connect(self, protocol: asyncio.Protocol) -> None:
        loop, address = asyncio.get_running_loop(), self._target.address
        if isinstance(address, UnixAddress):
            await loop.create_unix_connection(lambda: protocol, address.path)
            return
        await loop.create_connection(
            lambda: protocol, address.host, address.port, **self._security()
        )

    def _security(self) -> _Security:
        if self._tls is None:
            return {}
        alpn = "http/1.1" if self._target.upgrades else UPGRADE
        return {"ssl": self._tls.client_context(alpn), "ssl_shutdown_timeout": _GOODBYE}
