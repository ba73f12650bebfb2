"""From a URL in `listen` to the listener that serves there."""

import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from kitfox.app import (
    WiringError,
    address_in,
    is_here,
    listeners_at,
)
from kitfox.core import Listener
from kitfox.net import TLS, Bind, UnixAddress, address_of, bind, is_loopback, parse_address
from kitfox.transports.http import HTTP, HTTPOptions
from kitfox.transports.msgpack import RPC

_WITH_TLS = {"https", "rpcs", "grpcs"}
_NATS = {"nats", "tls"}
_EXPECTED = "http, https, rpc, rpcs, grpc, grpcs, ws, wss or nats"


class _Guarded(Protocol):
    """How a listener is made that asks who comes."""

    def __call__(
        self, address: str, *, tls: TLS | None, token: str | None, public: bool, bind: Bind
    ) -> Listener: ...


def listeners(
    urls: Iterable[str],
    options: HTTPOptions,
    *,
    token: str,
    public: bool,
    tls: TLS | None = None,
    bind_for: Callable[[str], Bind] = lambda _: bind,
) -> list[Listener]:
    """Return the listeners for URLs; on a port of the system's choice where one names none.

    `bind_for` says who opens the socket of a URL.

    Raises:
        WiringError: no wire serves there, it has no certificate to show, its extra is missing, or
            others could reach it and nobody says who may.
    """
    return [
        _listener(
            url,
            _with_websockets(options) if websockets else options,
            token,
            tls,
            public=public,
            bind=bind_for(url),
        )
        for url, websockets in listeners_at(urls).items()
    ]


def _listener(
    url: str, options: HTTPOptions, token: str, tls: TLS | None, *, public: bool, bind: Bind
) -> Listener:
    if urlsplit(url).scheme in _NATS:
        return _nats(url, tls)
    local, tls = is_here(url), _shown(url, tls)
    if not (public or local or token or (tls and tls.client_ca)):
        raise WiringError(
            f"listen: other machines can reach {url}; give the system a token, "
            "let its tls ask for certificates, or say public = true to let anybody call"
        )
    shown = None if public or local else token or None
    make = _wire(urlsplit(url).scheme, options)
    return make(address_in(url), tls=tls, token=shown, public=shown is None, bind=bind)


def as_open_as_said(listening: socket.socket, address: str) -> socket.socket:
    """Return the socket for an address, unless others reach it and the address says they do not.

    Whoever hands a socket over may have it listen elsewhere; who may call is judged by the address.

    Raises WiringError.
    """
    found = address_of(listening)
    if _is_local(address) and not _is_local(found):
        listening.close()
        raise WiringError(
            f"listen: {address} is for this machine, but the socket that was handed over is at "
            f"{found}, where others reach it; name that address in listen"
        )
    return listening


def _is_local(address: str) -> bool:
    parsed = parse_address(address)
    return isinstance(parsed, UnixAddress) or is_loopback(parsed.host)


def _shown(url: str, tls: TLS | None) -> TLS | None:
    """Return what is shown to callers: TLS is of the schemes that promise it, and of no other."""
    if urlsplit(url).scheme not in _WITH_TLS:
        return None
    if tls is None or tls.certificate is None:
        raise WiringError(f"listen: {url} shows a certificate: name its file in [system.tls]")
    return tls


def _wire(scheme: str, options: HTTPOptions) -> _Guarded:
    match scheme.removesuffix("+unix"):
        case "http" | "https":
            return partial(_http, options=options)
        case "rpc" | "rpcs":
            return RPC
        case "grpc" | "grpcs":
            return _grpc()
        case _:
            raise WiringError(f"listen: no wire is called {scheme!r}; expected {_EXPECTED}")


def _grpc() -> _Guarded:
    try:
        from kitfox.transports.grpc import GRPC
    except ModuleNotFoundError:
        raise _missing("grpc") from None
    return GRPC


def _nats(url: str, tls: TLS | None) -> Listener:
    """Return what listens at a server of NATS, which decides itself who may call."""
    try:
        from kitfox.transports.nats import NATS
    except ModuleNotFoundError:
        raise _missing("nats") from None
    return NATS(url, tls=tls if url.startswith("tls:") else None)


def _with_websockets(options: HTTPOptions) -> HTTPOptions:
    try:
        from kitfox.transports.websocket import WebSocket
    except ModuleNotFoundError:
        raise _missing("websocket") from None
    return {**options, "websocket": WebSocket()}


def _missing(extra: str) -> WiringError:
    return WiringError(f"listen: this wire needs an extra: pip install 'kitfox[{extra}]'")


def _http(
    address: str,
    *,
    options: HTTPOptions,
    tls: TLS | None,
    token: str | None,
    public: bool,
    bind: Bind,
) -> Listener:
    guarded: HTTPOptions = options if token is None else {**options, "token": token}
    return HTTP(address, tls=tls, public=public, bind=bind, **guarded)
