"""A service over MessagePack-RPC, and peers that send exactly the bytes they are told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from kitfox import NotFound, Service, current_call, rpc


class Point(msgspec.Struct):
    x: int
    y: int = 0


class Desk(Service, name="acme.v1.Desk"):
    """What the tests call."""

    def __init__(self):
        self.noted = []
        self.waiting = 0
        self.echoed = 0
        self.cancelled = asyncio.Event()
        self.release = asyncio.Event()

    @rpc
    async def add(self, a: int, b: int = 1) -> int:
        return a + b

    @rpc
    async def move(self, point: Point) -> Point:
        return Point(point.x + 1, point.y + 1)

    @rpc
    async def note(self, text: str) -> None:
        self.noted.append(text)

    @rpc
    async def fail(self, why: str) -> None:
        raise NotFound(why, details={"why": why})

    @rpc
    async def echo(self, data: bytes) -> bytes:
        self.echoed += 1
        return data

    @rpc
    async def who(self) -> str:
        return current_call().identity

    @rpc
    async def wait(self) -> None:
        self.waiting += 1
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            self.waiting -= 1

    @rpc
    async def count(self, last: int) -> AsyncIterator[int]:
        for number in range(last):
            yield number


class Raw:
    """A peer that says what it is told to."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._decoder = msgspec.msgpack.Decoder()

    def send(self, *frames):
        self._writer.write(b"".join(map(msgspec.msgpack.encode, frames)))

    def write(self, data):
        self._writer.write(data)

    async def receive(self):
        """Return the next frame; EOFError when the other side has closed the connection."""
        data = b""
        while True:
            if not (byte := await self._reader.read(1)):
                raise EOFError
            data += byte
            try:
                return self._decoder.decode(data)
            except msgspec.DecodeError:
                continue

    async def skim(self):
        """Read, and look at nothing."""
        while await self._reader.read(1 << 20):
            pass

    async def closed(self):
        """Wait until the other side has closed the connection; return what it had said."""
        frames = []
        try:
            while True:
                frames.append(await self.receive())
        except (EOFError, ConnectionResetError):
            return frames


@asynccontextmanager
async def opened(url):
    place = urlsplit(url)
    if place.scheme == "rpc+unix":
        reader, writer = await asyncio.open_unix_connection(unquote(place.path))
    else:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


@pytest.fixture
def raw():
    """`async with raw(url) as peer`: a connection that is not kitfox's."""
    return opened


@pytest.fixture
def desk():
    return Desk()
