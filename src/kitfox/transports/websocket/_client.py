"""Methods called over a WebSocket."""

import asyncio
import logging
import ssl
from typing import Final
from urllib.parse import urlsplit

import msgspec
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol as Offered
from websockets.uri import parse_uri

from kitfox.core import (
    Closing,
    Endpoint,
    Method,
    PermissionDenied,
    RPCError,
    Unauthenticated,
    Unimplemented,
    Unreachable,
)
from kitfox.multiplex import BadFrame, CallerEnd, Dialled, Frame, KeepAlive
from kitfox.net import TLS
from kitfox.transports.websocket._closing import BROKE_THE_RULES, NORMAL
from kitfox.transports.websocket._limits import WebSocketLimits
from kitfox.transports.websocket._peer import Peer
from kitfox.transports.websocket._wire import SUBPROTOCOLS, Message, Subprotocol

_log = logging.getLogger("kitfox.websocket")
_REFUSALS: Final = {401: Unauthenticated, 403: PermissionDenied, 404: Unimplemented}


class WebSocketConnection(Closing):
    """Calls over one WebSocket to `url`, as in `ws://127.0.0.1:8080` or `wss://host/path`.

    It is opened when a call needs it, and again after a loss. `codec` is `msgpack` or `json`;
    `token` is shown as a bearer token; `tls` says whom `wss` trusts, and what it shows.

    Raises:
        ValueError: the URL is malformed, or the codec is unknown.
        TLSError: a file of `tls` is of no use.
    """

    def __init__(
        self,
        url: str,
        *,
        codec: str = "msgpack",
        token: str | None = None,
        tls: TLS | None = None,
        limits: WebSocketLimits | None = None,
        keep_alive: KeepAlive | None = None,
    ) -> None:
        if (subprotocol := SUBPROTOCOLS.get(f"kitfox.{codec}")) is None:
            raise ValueError(f"codec {codec!r}: expected 'msgpack' or 'json'")
        secure = _is_secure(url)
        self._dialler = _Dialler(
            url,
            subprotocol,
            token,
            (tls or TLS()) if secure else None,
            limits or WebSocketLimits(),
            keep_alive or KeepAlive(),
        )
        self._dialler.context()  # so that a wrong file is found now
        patience = self._dialler.limits.handshake
        dial = self._dialler.dial
        self._dialled = Dialled(dial, subprotocol.codec, where=url, patience=patience)

    async def aclose(self) -> None:
        """Close the WebSocket; calls that are not over end as if it were lost."""
        await self._dialled.aclose()

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`."""
        return self._dialled.endpoint(method)


class _Dialler(msgspec.Struct, frozen=True):
    """Opens WebSockets to one place."""

    url: str
    subprotocol: Subprotocol
    token: str | None
    tls: TLS | None
    limits: WebSocketLimits
    keep_alive: KeepAlive

    async def dial(self) -> CallerEnd:
        """Return the calling end of a new WebSocket; raise OSError, or what a refusal means."""
        place = urlsplit(self.url)
        link = _ClientLink(self)
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: link.protocol,
            place.hostname or "",
            place.port or (80 if self.tls is None else 443),
            ssl=self.context(),
        )
        try:
            await link.opened
        except BaseException:
            transport.abort()
            raise
        return link.end

    def context(self) -> ssl.SSLContext | None:
        """Return what the next handshake of TLS is made with."""
        return None if self.tls is None else self.tls.client_context("http/1.1")


class _ClientLink:
    """One WebSocket, from the client's side: a Link, and its protocol's owner."""

    identity = ""

    def __init__(self, dialler: _Dialler) -> None:
        self._dialler = dialler
        self._subprotocol = dialler.subprotocol
        self._decisions = ClientProtocol(
            parse_uri(dialler.url),
            subprotocols=[Offered(dialler.subprotocol.name)],
            max_size=dialler.limits.frame,
            logger=_log.getChild("wire"),
        )
        self.protocol = Peer(self._decisions, self, dialler.limits, dialler.keep_alive)
        self.end = CallerEnd(self, dialler.limits.link)
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.peer = urlsplit(dialler.url).netloc

    def send(self, frame: Frame) -> None:
        """Send a frame."""
        self.protocol.send(self._subprotocol.message(frame))

    async def writable(self) -> None:
        """Wait until the connection takes more."""
        await self.protocol.writable()

    def close(self) -> None:
        """Close the WebSocket when what was sent is out."""
        self.protocol.close(NORMAL)

    def made(self) -> None:
        """Ask for the WebSocket."""
        request = self._decisions.connect()
        if self._dialler.token is not None:
            request.headers["Authorization"] = f"Bearer {self._dialler.token}"
        self._decisions.send_request(request)
        self.protocol.flush()

    def shaken(self, event: Request | Response) -> None:
        """Learn whether it is granted."""
        error = self._decisions.handshake_exc
        if error is None and self._decisions.subprotocol != self._subprotocol.name:
            error = OSError(f"the server does not speak {self._subprotocol.name} there")
        if error is None:
            self._open()
        else:
            self._refuse(_meaning(error))

    def received(self, message: Message) -> None:
        """Take a message."""
        try:
            self.end.receive(self._subprotocol.from_server(message))
        except BadFrame as error:
            self.protocol.fail(BROKE_THE_RULES, str(error))

    def closed(self, code: int, reason: str) -> None:
        """Learn that no message comes any more."""
        self._refuse(ConnectionResetError("the connection was lost in the handshake"))
        self.end.lose(f"closed with {code} {reason}".rstrip())

    def lost(self) -> None:
        """Learn that the connection is gone; all is said."""

    def _open(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)

    def _refuse(self, why: Exception) -> None:
        if not self.opened.done():
            self.opened.set_exception(why)


def _is_secure(url: str) -> bool:
    """Whether a WebSocket's URL asks for TLS; raise ValueError for what is none."""
    place = urlsplit(url)
    if place.scheme not in {"ws", "wss"} or not place.hostname or place.fragment:
        raise ValueError(f"URL {url!r}: expected ws://host:port or wss://host:port, and a path")
    _ = place.port  # raises ValueError for what is none
    return place.scheme == "wss"


def _meaning(error: Exception) -> Exception:
    """Return what a handshake that failed means for a call, which was not sent."""
    if not isinstance(error, InvalidStatus):
        return OSError(str(error))
    response = error.response
    status = response.status_code
    kind: type[RPCError] = _REFUSALS.get(status, Unreachable)
    return kind(_detail(response.body) or f"the server refuses a WebSocket with HTTP {status}")


class _Problem(msgspec.Struct):
    detail: str = ""


def _detail(body: bytes | bytearray) -> str:
    try:
        return msgspec.json.decode(body or b"{}", type=_Problem).detail
    except msgspec.DecodeError:
        return ""
