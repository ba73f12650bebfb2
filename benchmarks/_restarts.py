"""What callers notice of a restart: the longest pause between two answers, and lost requests.

Two callers use HTTP/1.1 without ever trying again: one keeps its connection for as long as it is
told it may, one makes a new one for each request. Against `kitfox restart` stand uvicorn's own
supervisor, two workers that SIGHUP replaces one after the other, and the plain way: stop, start.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

from benchmarks._harness import free_port

RESTARTS = 5
_QUIET = 1.0  # seconds between two restarts
_PATIENCE = 60.0
_PAUSE = 0.005  # seconds between two requests of a caller

_DESK = """
import os
from kitfox import Service, rpc

class Desk(Service, name="bench.Desk"):
    @rpc
    async def who(self) -> int:
        return os.getpid()
"""
_CONFIG = '[service.desk]\nrun = "desk:Desk"\nlisten = "http://127.0.0.1:{port}"\n'
_ASGI = """
import os

async def app(scope, receive, send):
    body = b'{"value":%d}' % os.getpid()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""
_REQUEST = (
    b"POST /bench.Desk/Who HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Caller:
    """Asks again and again, and keeps count."""

    def __init__(self, port: int, *, keeps: bool) -> None:
        self.answered = self.lost = 0
        self.longest = 0.0
        self.pids: set[bytes] = set()
        self._port = port
        self._keeps = keeps
        self._streams: Streams | None = None
        self._last: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until it is told to stop."""
        while not stop.is_set():
            try:
                await self._ask()
            except (OSError, EOFError):
                self.lost += 1
                self._hang_up()
            await asyncio.sleep(_PAUSE)
        self._hang_up()

    async def _ask(self) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(_REQUEST)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self.pids.add(await reader.readexactly(length))
        now = time.monotonic()
        self.longest = max(self.longest, now - (self._last or now))
        self._last = now
        self.answered += 1
        if not self._keeps or b"connection: close" in head:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Served(ABC):
    """Something that serves at a port, and can be restarted."""

    name: str
    processes = 1

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        (folder / "desk.py").write_text(_DESK)
        (folder / "bare.py").write_text(_ASGI)
        (folder / "kitfox.toml").write_text(_CONFIG.format(port=port))

    @abstractmethod
    def command(self) -> list[str]:
        """Return how it is started."""

    @abstractmethod
    async def restart(self) -> None:
        """Ask for a restart; it need not be over."""

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = await self._run(*self.command())
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return

    async def stop(self) -> None:
        """Stop it kindly."""
        self._process.terminate()
        await self._process.wait()

    async def _run(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *words),
            cwd=self._folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )


class Kitfox(Served):
    """`kitfox up` and `kitfox restart`."""

    name = "kitfox restart"

    def command(self) -> list[str]:
        return ["kitfox", "up"]

    async def restart(self) -> None:
        await (await self._run("kitfox", "restart", "desk")).wait()


class Workers(Served):
    """Two workers of uvicorn."""

    name = "uvicorn --workers 2, SIGHUP"
    processes = 2

    def command(self) -> list[str]:
        return ["uvicorn", "bare:app", f"--port={self._port}", "--workers=2"]

    async def restart(self) -> None:
        os.kill(self._process.pid, signal.SIGHUP)


class Plain(Served):
    """One uvicorn."""

    name = "uvicorn, stop and start"

    def command(self) -> list[str]:
        return ["uvicorn", "bare:app", f"--port={self._port}"]

    async def restart(self) -> None:
        await self.stop()
        await self.start()


async def measure(kind: type[Served]) -> int:
    """Restart one of them under the eyes of both callers, and print what they saw.

    Return how many requests were lost.
    """
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        served, stop = kind(Path(folder), port), asyncio.Event()
        await served.start()
        callers = [Caller(port, keeps=True), Caller(port, keeps=False)]
        calling = [asyncio.create_task(caller.run(stop)) for caller in callers]
        for number in range(1, RESTARTS + 1):
            await asyncio.sleep(_QUIET)
            await served.restart()
            await _replaced(callers, served.processes * (number + 1))
        await asyncio.sleep(_QUIET)
        stop.set()
        await asyncio.gather(*calling)
        await served.stop()
    for caller, kept in zip(callers, ("kept", "fresh"), strict=True):
        print(
            f"{kind.name:30} {kept:6} {caller.answered:9} {caller.lost:6} "
            f"{caller.longest * 1000:10.0f} ms"
        )
    return sum(caller.lost for caller in callers)


async def _replaced(callers: list[Caller], processes: int) -> None:
    """Wait until so many processes have been heard of."""
    end = time.monotonic() + _PATIENCE
    while len(callers[0].pids | callers[1].pids) < processes:
        if time.monotonic() > end:
            raise RuntimeError(f"fewer than {processes} processes have answered")
        await asyncio.sleep(0.05)


def main() -> int:
    """Measure all; lost requests of kitfox's callers are a failure."""
    print(f"{f'restarted {RESTARTS} times by':30} {'':6}  answered   lost  longest pause")
    lost = asyncio.run(measure(Kitfox))
    for peer in (Workers, Plain):
        asyncio.run(measure(peer))
    return min(lost, 1)
