"""One connection of bytes as a link of `kitfox.multiplex`.

States: up → closing (what was sent goes out; a peer that does not read is cut off) → lost.

What is sent in one turn of the loop is written at its end, in one piece.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from kitfox.multiplex import BadFrame, KeepAlive, Liveness
from kitfox.net import peer_identity
from kitfox.transports.msgpack._frames import Outgoing, Ping, PlainRequest, Pong
from kitfox.transports.msgpack._framing import Framing
from kitfox.transports.msgpack._writer import Writer

# How long, in seconds, a closed connection may take to write what it has.
_GOODBYE = 5.0

Handlers = Mapping[type, Callable[[Any], None]]


class Stream(asyncio.Protocol):
    """Reads and writes frames.

    `begin` is called with the stream when it stands, and says by `attach` what takes its frames.
    `plain` is whether the peer may know the public specification only: then it is not asked whether
    it is there. It is no longer when it has sent a frame of ours.
    """

    def __init__(
        self,
        begin: Callable[["Stream"], None],
        *,
        message_limit: int,
        keep_alive: KeepAlive,
        peer: str = "",
        plain: bool = False,
    ) -> None:
        self._begin = begin
        self._loop = asyncio.get_running_loop()
        self._framing = Framing(message_limit)
        self._writer = Writer()
        self._keep_alive = keep_alive
        self._handlers: Handlers = {}
        self._on_loss: Callable[[str], None] = _nobody
        self._why = "the peer closed it"
        self._writing = False  # whether a flush is due in this turn
        self._room: asyncio.Future[None] | None = None  # while the transport takes no more
        self._written = self._taken = 0  # bytes: by us, and by the peer at the last look
        self._cut: asyncio.TimerHandle | None = None
        self.plain = plain
        self.peer = peer
        self.identity = ""
        self.lost = False

    def attach(self, handlers: Handlers, on_loss: Callable[[str], None]) -> None:
        """Give each frame that comes to the handler of its type."""
        self._handlers = {**handlers, Ping: self._answer, Pong: _ignore}
        self._on_loss = on_loss

    # ------------------------------------------------------------------- as asyncio calls it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent
        self.peer = self.peer or _peer_of(transport)
        self.identity = peer_identity(transport)
        self._liveness = Liveness(self._keep_alive, self._loop.time())
        self._look = self._loop.call_at(self._liveness.due(), self._look_after)
        self._begin(self)

    def data_received(self, data: bytes) -> None:
        self._liveness.hear(self._loop.time())
        try:
            for frame in self._framing.feed(data):
                handle = self._handlers.get(type(frame))
                if handle is None:
                    raise BadFrame(f"a {type(frame).__name__} is not for this end")
                self.plain = self.plain and type(frame) is PlainRequest
                handle(frame)
        except BadFrame as error:
            self.abort(f"the peer broke the rules of the wire: {error}")

    def pause_writing(self) -> None:
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._room is not None:
            self._room.set_result(None)
            self._room = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._look.cancel()
        if self._cut is not None:
            self._cut.cancel()
        self.resume_writing()
        self._on_loss(self._why if exc is None else str(exc) or type(exc).__name__)

    # -------------------------------------------------------------------- as a Link is used

    def send(self, frame: Outgoing) -> None:
        self._writer.add(frame)
        if not self._writing:
            self._writing = True
            self._loop.call_soon(self._flush)

    async def writable(self) -> None:
        if self._room is not None:
            await asyncio.shield(self._room)

    def close(self) -> None:
        if self._cut is None and not self.lost:
            self._why = "it was closed"
            self._flush()
            self._transport.close()
            self._cut = self._loop.call_later(_GOODBYE, self._transport.abort)

    def abort(self, why: str) -> None:
        """Close the connection now, whatever was sent."""
        self._why = why
        self._transport.abort()

    # --------------------------------------------------------------------------- its own

    def _flush(self) -> None:
        self._writing = False
        data = self._writer.take()
        if data and not self._transport.is_closing():
            self._written += len(data)
            self._transport.write(data)

    def _answer(self, _: Ping) -> None:
        self.send(Pong())

    def _look_after(self) -> None:
        """Ask a quiet peer whether it is there; cut off one that has not said so."""
        now = self._loop.time()
        if self.plain or self._takes():  # the kernel asks a plain peer: see `_listener.py`
            self._liveness.hear(now)
        if self._liveness.gone(now):
            self.abort("the peer says nothing any more")
            return
        if self._liveness.due() <= now:
            self._liveness.ask(now)
            self.send(Ping())
        self._look = self._loop.call_at(self._liveness.due(), self._look_after)

    def _takes(self) -> bool:
        """Whether the peer takes what waits for it: what it is asked waits behind that."""
        if self._room is None:
            return False
        before, self._taken = self._taken, self._written - self._transport.get_write_buffer_size()
        return self._taken > before


def _peer_of(transport: asyncio.BaseTransport) -> str:
    name: object = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return "unix:"
    host, port, *_ = cast("tuple[str, int]", name)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _nobody(_: str) -> None:
    """Hear of the end of a link that nobody used."""


def _ignore(_: Pong) -> None:
    """Take an answer: that something came is all that it says."""
