"""One WebSocket on a transport: what `websockets` decides about bytes, done.

Both sides use it; the owner learns what happens by calls.

States: opening → open → closing (one side has said so) → lost. A peer that breaks the protocol, or
of which nothing is heard any more, is closed with the code that says why.
"""

import asyncio
import codecs
from typing import Protocol, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, Event, Protocol as Decisions, Side, State

from kitfox.multiplex import KeepAlive, Liveness
from kitfox.transports.websocket._closing import FAILED, LOST, NOT_UTF_8, fitting
from kitfox.transports.websocket._limits import WebSocketLimits
from kitfox.transports.websocket._wire import Message

# How much is sent in one turn of the loop before its sender must let the others have theirs, bytes;
# and what a message counts for at least.
_TURN = 64 * 1024
_MESSAGE = 512


class Owner(Protocol):
    """Whose WebSocket it is."""

    def made(self) -> None:
        """Begin: the connection stands, and nothing was said on it."""
        ...

    def shaken(self, event: Request | Response) -> None:
        """Take the other side's half of the handshake."""
        ...

    def received(self, message: Message) -> None:
        """Take a message."""
        ...

    def closed(self, code: int, reason: str) -> None:
        """Learn, once, that no message comes any more."""
        ...

    def lost(self) -> None:
        """Learn, after that, that the connection is gone."""
        ...


class Peer(asyncio.Protocol):
    """The connection to one peer."""

    transport: asyncio.Transport

    def __init__(
        self, decisions: Decisions, owner: Owner, limits: WebSocketLimits, keep_alive: KeepAlive
    ) -> None:
        self.decisions = decisions
        self._owner = owner
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._liveness = Liveness(keep_alive, self._loop.time())
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Handle | None = None
        self._partial = Partial()
        self._early: bytearray | None = None  # what came while the handshake waits for its answer
        self._writable: asyncio.Future[None] | None = None  # while the transport takes no more
        self._turn = 0  # bytes that were sent since the last flush
        self._unsent = 0  # when it was last looked at
        self._held = False  # whether the owner wants nothing more now
        self._told = self._is_lost = False

    @property
    def open(self) -> bool:
        """Whether messages may be sent."""
        return self.decisions.state is State.OPEN and not self._is_lost

    def send(self, message: Message) -> None:
        """Send a message, with those of the same turn of the loop; none when it is not open."""
        if not self.open:
            return
        self._turn += max(len(message), _MESSAGE)
        if isinstance(message, str):
            self.decisions.send_text(message.encode())
        else:
            self.decisions.send_binary(message)
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self.flush)

    async def writable(self) -> None:
        """Wait until the transport takes more."""
        if self._turn > _TURN:
            await asyncio.sleep(0)  # the flush comes first
        if self._writable is not None:
            await asyncio.wait([self._writable])

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close; what was sent goes out before."""
        if self.open:
            self.decisions.send_close(code, fitting(reason))
            self.flush()

    def fail(self, code: int, reason: str = "") -> None:
        """Close because of what the peer did; nothing more is read."""
        if not self._is_lost:
            self.decisions.fail(code, fitting(reason))
            self.flush()
            self._tell(code, reason)

    def wait(self) -> None:
        """Keep what comes from now on for `go_on`: the handshake is not answered yet."""
        self._early = bytearray()

    def go_on(self) -> None:
        """Take what has come in the meantime."""
        early, self._early = self._early, None
        self._read_or_not()
        if early:
            self.data_received(early)

    def hold(self, *, on: bool) -> None:
        """Stop reading, or go on."""
        self._held = on
        self._read_or_not()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(self._limits.unsent)
        self._look()
        self._owner.made()

    def data_received(self, data: bytes | bytearray) -> None:
        """Take bytes from the peer."""
        self._liveness.hear(self._loop.time())
        if self._early is None:
            self.decisions.receive_data(data)
            self._proceed()
            return
        self._early += data
        if len(self._early) > self._limits.waiting:
            self.transport.pause_reading()

    def eof_received(self) -> None:
        """Take the end of them."""
        self.decisions.receive_eof()
        self._proceed()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._is_lost = True
        for pending in (self._timer, self._flushing):
            if pending is not None:
                pending.cancel()
        self.resume_writing()
        self._tell(LOST, str(exc or ""))
        self._owner.lost()

    def pause_writing(self) -> None:
        """Let senders wait."""
        self._writable = self._loop.create_future()
        self._read_or_not()

    def resume_writing(self) -> None:
        """Let them go on."""
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None
            self._read_or_not()

    def flush(self) -> None:
        """Write what was decided to be sent."""
        self._flushing, self._turn = None, 0
        data = self.decisions.data_to_send()
        if self._is_lost or not data:
            return
        self.transport.write(b"".join(data))
        if SEND_EOF in data:
            self._end()
        if self.decisions.close_expected():
            self._abort_in(self._limits.goodbye)

    def _proceed(self) -> None:
        """Do what the bytes that came ask for."""
        for event in self.decisions.events_received():
            self._take(event)
        self.flush()
        if (error := self.decisions.parser_exc) is not None and not self._told:
            sent = self.decisions.close_sent
            self._tell(LOST if sent is None else sent.code, str(error))

    def _take(self, event: Event) -> None:
        if not isinstance(event, Frame):
            self._owner.shaken(event)
        elif event.opcode is Opcode.CLOSE:
            if (close := self.decisions.close_rcvd) is not None:
                self._tell(close.code, close.reason)
        elif event.opcode not in {Opcode.PING, Opcode.PONG}:
            self._add(event)

    def _add(self, frame: Frame) -> None:
        try:
            message = self._partial.add(frame)
        except UnicodeDecodeError:
            self.fail(NOT_UTF_8, "a text that is not UTF-8")
            return
        if message is not None and not self._told:
            self._owner.received(message)

    def _tell(self, code: int, reason: str) -> None:
        if not self._told:
            self._told = True
            self._owner.closed(code, reason)

    def _end(self) -> None:
        """Send no more. What is unread must still be, or it would take our last words along."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
        self._abort_in(self._limits.goodbye)

    def _read_or_not(self) -> None:
        """Read only what there is room for.

        A server reads nothing from a client that does not read. A client always reads: else the two
        would wait for each other.
        """
        deaf = self._writable is not None and self.decisions.side is Side.SERVER
        if self._is_lost or self.transport.is_closing():
            return
        if self._held or deaf:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _look(self) -> None:
        """See whether the peer is still there, and when to look again."""
        now = self._loop.time()
        if self._held or self._takes():
            self._liveness.hear(now)
        if self._liveness.gone(now):
            self.fail(FAILED, "nothing was heard any more")
            self.transport.abort()
            return
        if now >= self._liveness.due():
            self._liveness.ask(now)
            if self.open:
                self.decisions.send_ping(b"")
                self.flush()
        self._timer = self._loop.call_at(self._liveness.due(), self._look)

    def _takes(self) -> bool:
        """Whether a peer that we do not listen to has taken something since the last look."""
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        return self._writable is not None and self._unsent < before

    def _abort_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self.transport.abort)


class Partial:
    """The message whose fragments are coming."""

    def __init__(self) -> None:
        self._data = bytearray()  # not a list of fragments: a million may be a byte each
        self._check: codecs.IncrementalDecoder | None = None

    def add(self, frame: Frame) -> Message | None:
        """Return the message that a frame completes; raise UnicodeDecodeError at the first flaw."""
        if frame.opcode is not Opcode.CONT:
            if frame.fin:
                return (
                    str(frame.data, "utf-8") if frame.opcode is Opcode.TEXT else bytes(frame.data)
                )
            self._begin(text=frame.opcode is Opcode.TEXT)
        if self._check is not None:
            self._check.decode(bytes(frame.data), frame.fin)
        self._data += frame.data
        if not frame.fin:
            return None
        data, self._data = self._data, bytearray()
        return bytes(data) if self._check is None else data.decode()

    def _begin(self, *, text: bool) -> None:
        self._check = codecs.getincrementaldecoder("utf-8")() if text else None
