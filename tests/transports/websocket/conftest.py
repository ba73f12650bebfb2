"""WebSockets on an HTTP port, and a client that sends exactly the bytes it is told to."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from kitfox import Service, fail_after, rpc
from kitfox.multiplex import KeepAlive
from kitfox.transports.http import HTTP
from kitfox.transports.websocket import WebSocket

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Counter(Service, name="acme.v1.Counter"):
    """Counts."""

    def __init__(self):
        self.waiting = 0

    @rpc
    async def double(self, number: int) -> int:
        """Double a number."""
        return 2 * number

    @rpc
    async def count(self, most: int) -> AsyncIterator[int]:
        """Count."""
        for number in range(most):
            yield number

    @rpc
    async def wait(self) -> None:
        """Wait until the caller leaves."""
        self.waiting += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.waiting -= 1


async def echo(socket):
    """Send back whatever comes."""
    async for message in socket:
        await socket.send(message)


class Raw:
    """A client's connection, frame by frame; no reading takes for ever."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.status = 0
        self.headers = {}

    async def shake(self, url, *headers, key=None):
        """Ask for a WebSocket."""
        place = urlsplit(url)
        lines = [
            f"GET {place.path or '/'} HTTP/1.1",
            f"host: {place.netloc}",
            "connection: keep-alive, Upgrade",
            "upgrade: websocket",
            "sec-websocket-version: 13",
            f"sec-websocket-key: {key or base64.b64encode(os.urandom(16)).decode()}",
            *headers,
            "\r\n",
        ]
        self.writer.write("\r\n".join(lines).encode())
        async with fail_after(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        start, *fields = head.split("\r\n")[:-2]
        self.status = int(start.split()[1])
        self.headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in fields)}

    def frame(self, opcode, data=b"", *, fin=True, rsv=0, mask=True):
        """Return a frame as a client writes it."""
        first = (0x80 if fin else 0) | rsv << 4 | opcode
        size = len(data)
        bit = 0x80 if mask else 0
        if size < 126:
            head = struct.pack("!BB", first, bit | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", first, bit | 126, size)
        else:
            head = struct.pack("!BBQ", first, bit | 127, size)
        if not mask:
            return head + data
        key = b"\x01\x02\x03\x04"
        return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(data))

    def send(self, opcode, data=b"", **how):
        self.writer.write(self.frame(opcode, data, **how))

    def write(self, data):
        self.writer.write(data)

    async def read(self):
        """Read one frame: its opcode and data."""
        async with fail_after(10):
            first, second = await self.reader.readexactly(2)
            assert first & 0x70 == 0
            assert second & 0x80 == 0, "a server masks nothing"
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            assert first & 0x80, "we fragment nothing"
            return first & 0x0F, await self.reader.readexactly(size)

    async def said(self):
        """Read one frame, which says something in JSON."""
        opcode, data = await self.read()
        assert opcode == TEXT
        return json.loads(data)

    async def closing(self):
        """Read the close that comes next: its code, or None if it has none. Answer, and leave."""
        opcode, data = await self.read()
        assert opcode == CLOSE, (opcode, data)
        self.send(CLOSE, data)
        async with fail_after(10):
            assert await self.reader.read() == b""
        self.writer.close()
        return struct.unpack("!H", data[:2])[0] if data else None

    async def failure(self):
        """Read until the close that says what was wrong: its code."""
        while True:
            opcode, data = await self.read()
            if opcode == CLOSE:
                return struct.unpack("!H", data[:2])[0]


@pytest.fixture
def counter():
    return Counter()


@pytest.fixture
def serving(counter):
    """Serve with WebSockets; gives the URL as `ws://…`."""

    @asynccontextmanager
    async def serve(*, http=None, **options):
        options.setdefault("handlers", {"/echo": echo})
        websocket = WebSocket(**options)
        async with HTTP(websocket=websocket, **(http or {})).listen(counter.routes()) as url:
            yield url.replace("http", "ws", 1)

    return serve


@pytest.fixture
def raw():
    """`async with raw(url) as client`: a WebSocket whose every byte is the test's."""

    @asynccontextmanager
    async def connect(url, *headers, shake=True):
        place = urlsplit(url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        client = Raw(reader, writer)
        try:
            if shake:
                await client.shake(url, *headers)
            yield client
        finally:
            writer.close()

    return connect


@pytest.fixture
async def client(serving, raw):
    """A client of the echo server, whose WebSocket is open."""
    keep_alive = KeepAlive(quiet=3600)
    async with serving(keep_alive=keep_alive) as url, raw(f"{url}/echo") as connected:
        assert connected.status == 101
        yield connected
