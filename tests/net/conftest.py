"""A server that says exactly the bytes it is told to, and a program that is handed a socket."""

import asyncio
import socket
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from kitfox.net import ClientLimits, HTTPClient
from kitfox.scope import fail_after


class Peer:
    """One accepted connection, as a scripted server sees it."""

    def __init__(self, reader, writer, number):
        self.number = number  # of the connection, from 0
        self._reader = reader
        self._writer = writer

    async def request(self) -> tuple[bytes, bytes]:
        """Read one request with a body of known length: its head and its body."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length: "):
                length = int(line.removeprefix(b"content-length: "))
        return head, await self._reader.readexactly(length)

    async def read(self, n: int = 65536) -> bytes:
        return await self._reader.read(n)

    async def readline(self) -> bytes:
        return await self._reader.readline()

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Close with a RST instead of an end of stream."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def ended(self) -> None:
        """Wait until the client closed the connection."""
        with suppress(ConnectionError):
            while await self._reader.read(65536):
                pass


Script = Callable[[Peer], Awaitable[None]]


class Server:
    """Runs a script for each connection; the connection is closed when its script ends."""

    def __init__(self, script: Script):
        self.accepted = 0
        self.heads: list[bytes] = []
        self.url = ""
        self.failures: list[BaseException] = []
        self._script = script
        self._tasks: set[asyncio.Task] = set()
        self._changed = asyncio.Condition()

    async def serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        number, self.accepted = self.accepted, self.accepted + 1
        try:
            await self._script(Peer(reader, writer, number))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - shown by the fixture
            self.failures.append(error)
        finally:
            writer.transport.abort() if writer.transport.is_closing() else writer.close()
            self._tasks.discard(asyncio.current_task())

    async def aclose(self):
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))


@asynccontextmanager
async def _serve(script, *, host="127.0.0.1", ssl=None, path=None):
    server = Server(script)
    if path:
        listening = await asyncio.start_unix_server(server.serve, path)
    else:
        listening = await asyncio.start_server(server.serve, host, 0, ssl=ssl)
        place, port = listening.sockets[0].getsockname()[:2]
        place = f"[{place}]" if ":" in place else place
        server.url = f"{'https' if ssl else 'http'}://{place}:{port}"
    try:
        async with fail_after(20):
            yield server
    finally:
        listening.close()
        await server.aclose()
        await listening.wait_closed()
        if server.failures:
            raise server.failures[0]


@pytest.fixture
def serve():
    """`async with serve(script) as server`: a server that runs `script(peer)` per connection."""
    return _serve


@pytest.fixture
async def client():
    async with HTTPClient() as client:
        yield client


@pytest.fixture
def limited():
    """`limited(connections=1)`: a client with these limits, as a context manager."""
    return lambda **limits: HTTPClient(ClientLimits(**limits))


@pytest.fixture
def say():
    """`say(*replies)`: a script that answers each request with the next of the replies."""

    def say_each(*replies: bytes, then_stay: bool = True) -> Script:
        async def script(peer):
            for reply in replies:
                await peer.request()
                await peer.say(reply)
            if then_stay:
                await peer.ended()

        return script

    return say_each


@pytest.fixture
def activated():
    """Run a program with a socket as descriptor 3, as systemd starts one; return what it says."""

    def run(program, listening):
        number = listening.fileno()
        done = subprocess.run(
            [sys.executable, "-c", f"import os; os.dup2({number}, 3)\n{program}"],
            pass_fds=[number],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
