"""A connection taken over from HTTP: another protocol goes on where a request ended.

The extension `kitfox.hijack` stands in the scope of each request that asks for an upgrade
(RFC 9110, 7.8) on a server of ours: whoever calls it has the connection, and HTTP is out of the
way. A request that nobody hijacks is answered as any other, as if it had not asked.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final, Protocol

from kitfox.core import Kind, Routes
from kitfox.net import ASGIScope

EXTENSION: Final = "kitfox.hijack"


class Hijack(Protocol):
    """How a request's connection is taken, once."""

    def __call__(self, protocol: asyncio.BaseProtocol, answer: bytes = b"") -> asyncio.Transport:
        """Give the connection to `protocol`: its `connection_made` comes before this returns.

        `answer` is written first. Bytes that came behind the request are the protocol's first.

        Raises:
            RuntimeError: the request was answered, its client has left, or another request of the
                same connection is not answered yet.
        """
        ...


class Upgraded(Protocol):
    """What serves connections that have left HTTP."""

    def protocol(self, peer: str) -> asyncio.Protocol:
        """Return what speaks with one client, which was told that the protocols are switched."""
        ...

    async def drain(self, grace: float) -> None:
        """Refuse new calls, let those running end for `grace` seconds, and close."""
        ...


class Upgrade(Protocol):
    """A protocol that clients may switch to, under the name that they ask for."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of methods that it carries calls of."""
        ...

    def serve(self, routes: Routes) -> Upgraded:
        """Begin to serve `routes`; called once for each listening."""
        ...


def hijack_of(scope: ASGIScope) -> Hijack | None:
    """Return how to take the connection of a request, if it asks for that and its server can."""
    found: Hijack | None = scope.get("extensions", {}).get(EXTENSION)
    return found


def switching(name: str) -> bytes:
    """Return the answer after which a connection speaks another protocol."""
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: %b\r\n\r\n"
        % name.encode("ascii")
    )


@contextmanager
def raw_stream(
    scope: ASGIScope, name: str
) -> Iterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Switch a request's connection to the protocol `name`: as asyncio's streams, for a block.

    Raises:
        RuntimeError: the server cannot do that, or the request did not ask for it.
    """
    if (hijack := hijack_of(scope)) is None:
        raise RuntimeError("this request asks for no upgrade, or its server is not kitfox's own")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = hijack(protocol, switching(name))
    with closing(asyncio.StreamWriter(transport, protocol, reader, loop)) as writer:
        yield reader, writer


class Taken:
    """The connections of one listener that HTTP has given away."""

    def __init__(self) -> None:
        self._transports: set[asyncio.Transport] = set()

    def __len__(self) -> int:
        """Return how many there are, some of which may be closed since."""
        return len(self._transports)

    def add(self, transport: asyncio.Transport) -> None:
        """Count a connection in."""
        self._transports.add(transport)

    def sift(self) -> None:
        """Forget those that are closed."""
        self._transports = {each for each in self._transports if not each.is_closing()}

    def abort(self) -> None:
        """Cut those that are still open: nobody waits for them any longer."""
        for transport in self._transports:
            transport.abort()
        self._transports.clear()
