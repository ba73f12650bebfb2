"""Those who ask at one listening socket: each asks once and is answered once.

Limits: 8 KiB and 5 s for a request and its answer, 64 visitors at once; those above that are sent
away without a word. Nobody waits for another.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from kitfox.health._probe_request import END, MOST_BYTES, ProbeReply, ProbeRequest
from kitfox.scope import fail_after

_log = logging.getLogger("kitfox.health")

_MOST_VISITORS: Final = 64
_TIMEOUT: Final = 5.0  # seconds
_REST: Final = 1.0  # seconds, when the system has no more sockets for us

Answer = Callable[[ProbeRequest], Awaitable[ProbeReply]]


class Visitors:
    """Lets them in from the start, until `aclose`; `listening` does not block."""

    def __init__(self, listening: socket.socket, answer: Answer) -> None:
        self._listening = listening
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.TimerHandle | None = None
        self._inside: dict[asyncio.Task[None], socket.socket] = {}
        self._open()

    async def aclose(self) -> None:
        """Let nobody in, and all out."""
        self._loop.remove_reader(self._listening)
        if self._rest is not None:
            self._rest.cancel()
        leaving = list(self._inside)
        for task in leaving:
            task.cancel()
        if leaving:
            await asyncio.wait(leaving)

    def _open(self) -> None:
        self._loop.add_reader(self._listening, self._let_in)

    def _let_in(self) -> None:
        try:
            visitor, _ = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:  # there would be no end to being told that somebody waits
            self._loop.remove_reader(self._listening)
            self._rest = self._loop.call_later(_REST, self._open)
            return
        if len(self._inside) >= _MOST_VISITORS:
            visitor.close()
            return
        visitor.settimeout(0.0)
        task = self._loop.create_task(self._talk(visitor))
        self._inside[task] = visitor
        task.add_done_callback(self._let_out)

    def _let_out(self, task: asyncio.Task[None]) -> None:
        self._inside.pop(task).close()

    async def _talk(self, visitor: socket.socket) -> None:
        with suppress(OSError):  # that it took too long is one, too
            async with fail_after(_TIMEOUT):
                if head := await self._hear(visitor):
                    await self._loop.sock_sendall(visitor, await self._reply(head))

    async def _hear(self, visitor: socket.socket) -> bytes:
        """Return a request, or as much as may be heard of it; nothing if it breaks off."""
        heard = b""
        while END not in heard and len(heard) <= MOST_BYTES:
            if not (data := await self._loop.sock_recv(visitor, MOST_BYTES)):
                return b""
            heard += data
        return heard

    async def _reply(self, heard: bytes) -> bytes:
        try:
            request = ProbeRequest.parse(heard)
        except ValueError as error:
            return ProbeReply(400, str(error)).format()
        return (await self._answered(request)).format(body=request.verb != "HEAD")

    async def _answered(self, request: ProbeRequest) -> ProbeReply:
        try:
            return await self._answer(request)
        except Exception:  # noqa: BLE001 - logged whole, and hidden from strangers
            _log.exception("the probe %s failed", request.path)
            return ProbeReply(500, "internal error")
