"""Connections to servers whose code is not here: they describe themselves, and take dicts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, cast

from kitfox.app import dial, tls_of
from kitfox.cli._ask import connected, this_system
from kitfox.core import Connection, Endpoint, Method
from kitfox.net import HTTPClient
from kitfox.schema import Description, Reflection, read_description


class Untyped(Protocol):
    """A connection for callers without types."""

    async def describe(self) -> Description:
        """Return the description of what is served."""
        ...

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of a method; its messages are plain dicts."""
        ...


class _Told:
    """A server of ours, which serves its own description."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def describe(self) -> Description:
        text = await Reflection.client(self._connection).describe()
        return read_description(text.encode())

    def endpoint(self, method: Method) -> Endpoint:
        return self._connection.endpoint(method)


@asynccontextmanager
async def untyped(url: str) -> AsyncIterator[Untyped]:
    """Connect to whoever serves at a URL; over gRPC it may be a server of any make."""
    if url.startswith("grpc"):
        async with _reflected(url) as reflected:
            yield reflected
    else:
        async with connected(url) as connection:
            yield _Told(connection)


@asynccontextmanager
async def _reflected(url: str) -> AsyncIterator[Untyped]:
    system = this_system()
    async with HTTPClient() as client:
        made = dial(url, client, tls=tls_of(system.tls), token=system.token)
        from kitfox.transports.grpc import GRPCConnection, GRPCReflection

        async with cast("GRPCConnection", made) as connection:
            yield GRPCReflection(connection)
