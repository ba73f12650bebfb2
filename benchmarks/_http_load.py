"""Load for an HTTP server from one core: as little work for each request as Python can do.

Each connection sends a request that was made beforehand and waits for its answer. Answers to equal
requests are equally long, so from the second on their bytes are counted, not parsed; an answer of
another length or with another status line ends the measurement with an error.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from benchmarks._http_servers import request_size as answer_size

_OK = b"HTTP/1.1 200 "


class Failed(Exception):
    """An answer was not what it should be."""


class _Caller(asyncio.Protocol):
    """One connection: sends, counts the answer's bytes, sends again until it is told to stop."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._size = 0
        self._first = bytearray()
        self._left = 0
        self.done = 0
        self.stopping = False
        self.body = b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._size:
            self._measure(data)
            return
        if self._left == self._size and not data.startswith(_OK):
            self._fail(data)
            return
        self._left -= len(data)
        if self._left <= 0:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(Failed(f"the connection broke: {exc}"))

    def _measure(self, data: bytes) -> None:
        self._first += data
        size = answer_size(self._first)
        if size is None:
            return
        if not self._first.startswith(_OK) or size != len(self._first):
            self._fail(self._first)
            return
        self._size = size
        self.body = bytes(self._first.partition(b"\r\n\r\n")[2])
        self._left = 0
        self._next()

    def _next(self) -> None:
        if self._left < 0:
            self._fail(b"more bytes than the first answer had")
            return
        self.done += 1
        if self.stopping:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._left = self._size
        self._transport.write(self._request)

    def _fail(self, data: bytes | bytearray) -> None:
        self.ended.set_exception(Failed(f"unexpected answer: {bytes(data[:200])!r}"))
        self._transport.close()


async def load(port: int, request: bytes, *, seconds: float, connections: int) -> tuple[int, bytes]:
    """Send `request` over and over; return how many were answered, and the body of one answer.

    Raises Failed for an answer that was not 200, or not like the others.
    """
    loop = asyncio.get_running_loop()
    callers: list[_Caller] = []
    for _ in range(connections):
        _, caller = await loop.create_connection(lambda: _Caller(request), "127.0.0.1", port)
        callers.append(caller)
    loop.call_later(seconds, _stop, callers)
    await asyncio.gather(*(caller.ended for caller in callers))
    return sum(caller.done for caller in callers), callers[0].body


def _stop(callers: Sequence[_Caller]) -> None:
    for caller in callers:
        caller.stopping = True
