"""Connections to servers whose code is not here: they describe themselves, and take dicts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from kitfox.cli._ask import connected
from kitfox.core import Connection, Endpoint, Method
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
    async with connected(url) as connection:
        if url.startswith("grpc"):
            from kitfox.transports.grpc import GRPCConnection, GRPCReflection

            if isinstance(connection, GRPCConnection):
                yield GRPCReflection(connection)
                return
        yield _Told(connection)
