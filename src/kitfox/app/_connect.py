"""From a URL to a connection, over whichever wire its scheme names.

A wire's module is imported when the first URL of it is dialled: most processes speak two or three,
and some need an extra that is not installed.
"""

import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from kitfox.app._client_chain import ClientChain
from kitfox.app._cluster import Cluster
from kitfox.app._member import Closable
from kitfox.core import Connection, Through
from kitfox.net import TLS, HTTPClient
from kitfox.registry import HTTPResolver, bearer
from kitfox.transports.http import HTTPConnection

REGISTRY = "http://127.0.0.1:7700"  # where `kitfox up` runs one unless it is told otherwise


class UnknownScheme(ValueError):
    """No wire of kitfox goes by this URL's scheme, or its extra is not installed."""


class _Wire(NamedTuple):
    """Where a wire's connection is, and the library that it cannot do without."""

    connection: str
    needs: str = ""
    extra: str = ""


_RPC = _Wire("kitfox.transports.msgpack:RPCConnection")
_GRPC = _Wire("kitfox.transports.grpc:GRPCConnection", "grpc", "grpc")
_WEBSOCKET = _Wire("kitfox.transports.websocket:WebSocketConnection", "websockets", "websocket")
_NATS = _Wire("kitfox.transports.nats:NATSConnection", "nats", "nats")
_HTTP = _Wire("kitfox.transports.http:HTTPConnection")

# The better one first, for peers that speak several: what carries all kinds, and costs least.
_WIRES = {
    "rpc+unix": _RPC,
    "rpc": _RPC,
    "rpcs": _RPC,
    "rpc+http": _RPC,
    "rpc+https": _RPC,
    "grpc+unix": _GRPC,
    "grpc": _GRPC,
    "grpcs": _GRPC,
    "ws": _WEBSOCKET,
    "wss": _WEBSOCKET,
    "nats": _NATS,
    "http+unix": _HTTP,
    "http": _HTTP,
    "https": _HTTP,
}


class _Dials(Protocol):
    """How every wire's connection is made."""

    def __call__(self, url: str, *, tls: TLS | None, token: str | None) -> Connection: ...


def schemes(installed: Callable[[str], object] = find_spec) -> tuple[str, ...]:
    """Return the schemes that can be dialled here, the one to prefer first."""
    return tuple(name for name, wire in _WIRES.items() if not wire.needs or installed(wire.needs))


def dial(url: str, client: HTTPClient, *, tls: TLS | None = None, token: str = "") -> Connection:
    """Return a connection to `url` that shows `token`; one over HTTP uses the sockets of `client`.

    Raises:
        UnknownScheme: the URL is not of a wire that is known here.
        ValueError: the URL is malformed.
    """
    scheme = url.partition(":")[0]
    if _WIRES.get(scheme) is _HTTP:
        return Through(HTTPConnection(url, client=client), bearer(token))
    return wire_of(scheme)(url, tls=tls, token=token or None)


@asynccontextmanager
async def connect(
    url: str,
    *,
    registry: str = REGISTRY,
    token: str = "",
    tls: TLS | None = None,
    policies: ClientChain | None = None,
) -> AsyncGenerator[Connection]:
    """Connect to `url` while the context is open.

    `kitfox://acme.v1.Users` is whoever serves that: the `registry` is asked, and the best wire that
    both sides speak is taken. `token` is shown with every call. `policies` are what calls pass: the
    defaults unless others are given.

    Raises:
        UnknownScheme: the URL is not of a wire that is known here.
        ValueError: the URL is malformed.
    """
    policies = policies or ClientChain()
    async with HTTPClient(tls=tls) as client:
        if url.startswith("kitfox:"):
            async with _found(url, registry, token, client, tls, policies) as cluster:
                yield policies.through(cluster)
            return
        connection = dial(url, client, tls=tls, token=token)
        try:
            yield policies.through(connection)
        finally:
            if isinstance(connection, Closable):
                await connection.aclose()


@asynccontextmanager
async def _found(
    url: str,
    registry: str,
    token: str,
    client: HTTPClient,
    tls: TLS | None,
    policies: ClientChain,
) -> AsyncGenerator[Connection]:
    service = _service_of(url)
    resolver = HTTPResolver(dial(registry, client, tls=tls), token=token)
    try:
        async with Cluster(
            service,
            resolver=resolver,
            dial=lambda url: dial(url, client, tls=tls, token=token),
            schemes=schemes(),
            balancer=policies.balancer(service),
            among=policies.among(service),
            guard=policies.guard(service),
        ) as cluster:
            yield cluster
    finally:
        await resolver.aclose()


def _service_of(url: str) -> str:
    parts = urlsplit(url)
    if not parts.netloc or parts.path.strip("/") or parts.query:
        msg = f"{url!r}: expected kitfox:// and the name of a service, as in kitfox://acme.v1.Users"
        raise ValueError(msg)
    return parts.netloc


def wire_of(scheme: str, installed: Callable[[str], object] = find_spec) -> _Dials:
    """Return what makes connections for a scheme; raise UnknownScheme."""
    if (wire := _WIRES.get(scheme)) is None:
        msg = f"{scheme!r} is the scheme of no wire; expected one of {', '.join(_WIRES)}"
        raise UnknownScheme(msg)
    if wire.needs and not installed(wire.needs):
        msg = f"{scheme}:// needs an extra: pip install 'kitfox[{wire.extra}]'"
        raise UnknownScheme(msg)
    module, _, name = wire.connection.partition(":")
    return cast("_Dials", getattr(importlib.import_module(module), name))
