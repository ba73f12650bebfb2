"""Callers that never stop calling, and forgive nothing: what a restart must not let them notice."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from kitfox.app import connect
from kitfox.core import Connection, RPCError, Service, rpc

Call = Callable[[], Awaitable[object]]

SLOW = 2.0  # seconds that a slow call takes
ITEMS = 20  # of a stream, which takes as long
_PAUSE = 0.02  # seconds between two calls of one caller


class Desk(Service, name="test.Desk"):
    """What a caller knows of the desk."""

    @rpc
    async def who(self) -> int:
        raise NotImplementedError

    @rpc
    async def slow(self, seconds: float) -> int:
        raise NotImplementedError

    @rpc
    def count(self, items: int, pause: float) -> AsyncIterator[int]:
        raise NotImplementedError


DESK = """
import asyncio, os
from collections.abc import AsyncIterator
from kitfox.core import Service, rpc

class Desk(Service, name="test.Desk"):
    @rpc
    async def who(self) -> int:
        return os.getpid()

    @rpc
    async def slow(self, seconds: float) -> int:
        await asyncio.sleep(seconds)
        return os.getpid()

    @rpc
    async def count(self, items: int, pause: float) -> AsyncIterator[int]:
        for _ in range(items):
            yield os.getpid()
            await asyncio.sleep(pause)
"""


class Told(Exception):
    """The server said that it stops, and to come again."""


class HTTPCaller:
    """One connection of HTTP/1.1, by hand: so that nothing is tried again in secret."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, method: str, **fields: object) -> object:
        """Make a call; return what it returns. Raises Told for a stream that is to be resumed."""
        reader, writer = await self._connected()
        body = json.dumps(fields).encode()
        writer.write(
            f"POST /test.Desk/{method} HTTP/1.1\r\nhost: {self._url.netloc}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        try:
            status, headers = await _head(reader)
            assert status == 200, f"status {status}"
            closes = headers.get("connection") == "close"
            answer = await _reply(reader, headers)
        except BaseException:
            self.close()
            raise
        if closes:
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._url.hostname, self._url.port)
        return self._streams


async def who_afresh(url: str) -> object:
    """Ask who answers on a connection of its own."""
    caller = HTTPCaller(url)
    try:
        return await caller.post("Who")
    finally:
        caller.close()


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    pairs = (line.partition(":") for line in lines if line)
    return int(start.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _reply(reader: asyncio.StreamReader, headers: dict[str, str]) -> object:
    if "content-length" in headers:
        return json.loads(await reader.readexactly(int(headers["content-length"])))["value"]
    events = b"".join([chunk async for chunk in _chunks(reader)]).decode().split("\n\n")
    if any("event: error" in event and '"unavailable"' in event for event in events):
        raise Told
    assert "event: end" in events[-2], events
    return len([event for event in events if event.startswith("data:")])


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)


class Load:
    """Calls on many connections of all kinds until it is stopped; counts, and what went wrong."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.done = Counter[str]()
        self.faults: list[str] = []
        self.pids: set[object] = set()
        self.longest = 0.0  # seconds that a quick call took
        self._addresses = addresses
        self._stop = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        async with AsyncExitStack() as stack:
            callers = await self._callers(stack)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            for name, call in callers:
                group.create_task(self._again_and_again(name, call))
            try:
                yield self
            finally:
                self._stop.set()

    async def _callers(self, stack: AsyncExitStack) -> list[tuple[str, Call]]:
        web = self._addresses["http"]
        kept, slow, stream = HTTPCaller(web), HTTPCaller(web), HTTPCaller(web)
        callers: list[tuple[str, Call]] = [
            ("http kept", partial(kept.post, "Who")),
            ("http fresh", partial(who_afresh, web)),
            ("http slow", partial(slow.post, "Slow", seconds=SLOW)),
            ("http stream", partial(stream.post, "Count", items=ITEMS, pause=SLOW / ITEMS)),
        ]
        for each in (kept, slow, stream):
            stack.callback(each.close)
        for wire in ("rpc", "ws"):
            url = self._addresses[wire]
            desk = _desk(await stack.enter_async_context(connect(url)))
            callers += [
                (f"{wire} kept", desk.who),
                (f"{wire} fresh", partial(_fresh, url)),
                (f"{wire} slow", partial(desk.slow, SLOW)),
                (f"{wire} stream", partial(_count, desk)),
            ]
        return callers

    async def _again_and_again(self, name: str, call: Call) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._judge(name, await call())
            except Told:
                self.done[f"{name} told"] += 1
            except (OSError, EOFError, RPCError, AssertionError) as error:
                if _tells(error) and name.endswith("stream"):
                    self.done[f"{name} told"] += 1
                    continue
                self.faults.append(f"{name} after {time.monotonic() - began:.3f} s: {error!r}")
            if name.endswith(("kept", "fresh")):
                self.longest = max(self.longest, time.monotonic() - began)
            await asyncio.sleep(_PAUSE)

    def _judge(self, name: str, answer: object) -> None:
        if name.endswith("stream"):
            assert answer == ITEMS, f"{answer} of {ITEMS} items"
        else:
            self.pids.add(answer)
        self.done[name] += 1


def _tells(error: Exception) -> bool:
    """Whether an error says that the server stops, and the stream is to be resumed elsewhere."""
    return isinstance(error, RPCError) and error.details.get("reason") == "stopping"


async def _fresh(url: str) -> int:
    async with connect(url) as connection:
        return await _desk(connection).who()


def _desk(connection: Connection) -> Desk:
    return Desk.client(connection, timeout=30.0)


async def _count(desk: Desk) -> int:
    return len([pid async for pid in desk.count(ITEMS, SLOW / ITEMS)])
