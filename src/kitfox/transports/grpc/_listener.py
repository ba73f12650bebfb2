"""Methods served over gRPC."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context
from typing import TypedDict, Unpack

from kitfox.core import Kind, Routes
from kitfox.multiplex import KeepAlive
from kitfox.net import (
    TLS,
    Address,
    Bind,
    UnixAddress,
    address_of,
    bind,
    check_guarded,
    is_reserved,
    parse_address,
)
from kitfox.transports.grpc._credentials import server_side
from kitfox.transports.grpc._gate import Gate
from kitfox.transports.grpc._grpcio import RunningServer, new_server
from kitfox.transports.grpc._house import Configure, House
from kitfox.transports.grpc._limits import GRPCLimits
from kitfox.transports.grpc._url import url_of

# How long what calls said last may take to leave, seconds.
_LAST_WORDS = 1.0
# A client that has gone silent holds streams, so we ask; clients do not mind being asked.
_OFTEN = KeepAlive(quiet=30.0, patience=10.0)


class GRPCOptions(TypedDict, total=False):
    """What can be said of a listener for gRPC, besides where it listens and who may call.

    - `configure` adds services of others to the same server: what it is given is what generated
      code's `add_…_to_server` takes
    - `gzip`: whether replies are compressed; requests are read either way
    - `limits`, and `keep_alive`, how long a client may be silent
    """

    configure: Configure | None
    gzip: bool
    keep_alive: KeepAlive | None
    limits: GRPCLimits | None


class GRPC:
    """A listener for gRPC, with health and reflection beside what it serves.

    `address` is `host:port`, `:port` for loopback, or `unix:/path`; port 0 picks a free one. One
    that other machines can reach needs a `token`, which callers show as a bearer token, a `tls`
    that asks clients for certificates, or `public=True`. `grace` is how long, in seconds, running
    calls may go on when the listener stops. grpcio opens its port itself; what `bind` returns only
    keeps it until then, and if that is one that is reserved, others may share it. The other
    arguments are those of GRPCOptions.

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
        **options: Unpack[GRPCOptions],
    ) -> None:
        check_guarded(address, tls=tls, token=token, public=public)
        self._place = parse_address(address)
        self._address = address
        self._bind = bind
        self._tls = tls
        self._gate = None if token is None else Gate(token)
        self._grace = grace
        self._options = options
        self._limits = options.get("limits") or GRPCLimits()

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes`; yields the URL.

        Raises:
            OSError: the address cannot be had; the text says which and why.
            TLSError: a certificate or key is of no use; the text says which and why.
            DefinitionError: protobuf cannot carry a type.
            ValueError: `configure` adds a service that is served already.
        """
        house = House(routes, limit=self._limits.message)
        credentials = None if self._tls is None else server_side(self._tls)
        with self._bind(self._address) as kept:  # says why it cannot; grpcio only says that
            shared = is_reserved(kept)
            place = parse_address(address_of(kept)) if shared else self._place
            if not shared:
                kept.close()
            server = self._server(shared=shared)
            house.furnish(server, self._options.get("configure"))
            url = _open(server, place, credentials)
        # In a context of its own: a deadline in force here must not bind the calls to come.
        await asyncio.create_task(server.start(), context=Context())
        try:
            yield url
        finally:
            await _stop(server, house, self._grace)

    def _server(self, *, shared: bool) -> RunningServer:
        keep_alive = self._options.get("keep_alive") or _OFTEN
        return new_server(
            # Two servers must not share a port by mistake.
            (*self._limits.of_server(keep_alive), ("grpc.so_reuseport", int(shared))),
            most_calls=self._limits.calls,
            gzip=self._options.get("gzip", False),
            admit=None if self._gate is None else self._gate.why_not,
        )


def _open(server: RunningServer, place: Address | UnixAddress, credentials: object) -> str:
    with _private_files():
        if credentials is None:
            port = server.add_insecure_port(str(place))
        else:
            port = server.add_secure_port(str(place), credentials)
    return url_of(place, port, secure=credentials is not None)


@contextmanager
def _private_files() -> Iterator[None]:
    """Make files that are their owner's alone: a Unix socket must not be others' for a moment."""
    before = os.umask(0o177)
    try:
        yield
    finally:
        os.umask(before)


async def _stop(server: RunningServer, house: House, grace: float) -> None:
    """Tell peers that we go, let calls end for a while, and end those that are left.

    Those that nobody here knows of may be others', or such as came at the wrong moment.
    """
    stopping = asyncio.create_task(server.stop(grace + _LAST_WORDS))
    try:
        await house.drain(grace)
        if house.shared:
            await asyncio.shield(stopping)
    finally:  # also when the wait is cut short
        await server.stop(_LAST_WORDS)
        await stopping
