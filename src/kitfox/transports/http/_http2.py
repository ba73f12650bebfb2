"""hypercorn's protocols, mended where strangers could make use of how they are.

In hypercorn, whoever reads a connection waits for the application of each stream; so one that does
not read stops all streams, and even the peer's words that it may be sent more. Here each stream has
an inlet, and the peer's room for more data grows only with what its application has taken. Besides:

- a stream's end at one side is brought to its end at the other
- what is said about a stream that is over is ignored
- messages of WebSockets are never compressed: a few bytes could become a thousand times as many
- a peer that asks and takes back, again and again, is cut off (CVE-2023-44487)
- who leaves says so (GOAWAY), and streams that come later are refused: they are safe elsewhere
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import h11
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from hypercorn.events import Closed
from hypercorn.protocol.events import Body, EndBody
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.http_stream import ASGIHTTPState
from hypercorn.protocol.ws_stream import WSStream
from hyperframe.frame import GoAwayFrame

from kitfox.transports.http._http2_apps import Applications

_EXTENSIONS = b"sec-websocket-extensions"
_MANY = 200  # streams that a peer may take back, whatever becomes of the others

Inlet = asyncio.Queue[DataReceived | StreamEnded]


class OneStream(H11Protocol):
    """HTTP/1.1."""

    def farewell(self) -> bytes:
        """Return nothing: the answers to come say that they are the last."""
        return b""

    async def _check_protocol(self, event: h11.Request) -> None:
        """Switch to no other protocol: that is agreed upon in TLS's handshake."""

    async def _create_stream(self, request: h11.Request) -> None:
        await super()._create_stream(
            h11.Request(
                method=request.method,
                target=request.target,
                headers=_uncompressed(list(request.headers)),
                http_version=request.http_version,
            )
        )


class ManyStreams(H2Protocol):
    """HTTP/2."""

    task_group: Applications
    _inlets: dict[int, tuple[Inlet, asyncio.Task[None]]]
    _ended = 0
    _taken_back = 0

    async def initiate(
        self, headers: list[tuple[bytes, bytes]] | None = None, settings: bytes | None = None
    ) -> None:
        """Begin."""
        self._inlets = {}
        await super().initiate(headers, settings)

    def farewell(self) -> bytes:
        """Return the word that no further stream is served; h2's own would end all of them."""
        last = self.connection.highest_inbound_stream_id
        return GoAwayFrame(0, last_stream_id=last).serialize()

    async def _handle_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, DataReceived | StreamEnded):
                self._let_in(event)
            elif isinstance(event, RequestReceived) and self._refuses(event):
                self._reset(event.stream_id, ErrorCodes.REFUSED_STREAM)
            else:
                self._taken_back += isinstance(event, StreamReset)
                await super()._handle_events([event])
        await self._flush()
        if self._taken_back > _MANY and 2 * self._taken_back > self._ended:
            await self.send(Closed())

    def _refuses(self, request: RequestReceived) -> bool:
        """Whether a request comes too late, or is one that hypercorn would stumble over."""
        fields = dict(request.headers)
        tunnel = fields[b":method"] == b"CONNECT" and fields.get(b":protocol") != b"websocket"
        path = fields.get(b":path", b"")
        return self.context.terminated.is_set() or tunnel or not path or not path.isascii()

    def _let_in(self, event: DataReceived | StreamEnded) -> None:
        if (known := self._inlets.get(event.stream_id)) is None:
            self._took(event)
        elif isinstance(event, StreamEnded) or event.flow_controlled_length:
            known[0].put_nowait(event)

    async def _create_stream(self, request: RequestReceived) -> None:
        number, inlet = request.stream_id, Inlet()
        request.headers = _uncompressed(request.headers)
        await super()._create_stream(request)
        if number in self.streams:
            self._inlets[number] = inlet, self.task_group.start(self._hand_over(number, inlet))

    async def _hand_over(self, number: int, inlet: Inlet) -> None:
        """Give a stream what comes for it, as its application takes it."""
        while (stream := self.streams.get(number)) is not None:
            event = await inlet.get()
            if isinstance(event, DataReceived):
                await stream.handle(Body(stream_id=number, data=event.data))
                self._took(event)
                await self._flush()
            elif isinstance(stream, WSStream):
                await self._close_stream(number)
            else:
                await stream.handle(EndBody(stream_id=number))

    def _took(self, event: DataReceived | StreamEnded) -> None:
        """Let the peer send as much as came with an event."""
        if isinstance(event, DataReceived) and event.flow_controlled_length:
            with suppress(ProtocolError):  # the connection is over
                taken, number = event.flow_controlled_length, event.stream_id
                self.connection.acknowledge_received_data(taken, number)

    async def _close_stream(self, stream_id: int) -> None:
        if (stream := self.streams.get(stream_id)) is None:
            return
        await super()._close_stream(stream_id)
        self._ended += 1
        if known := self._inlets.pop(stream_id, None):
            self._shut(*known)
        if stream.state is not ASGIHTTPState.CLOSED:
            await self._finish(stream_id, whole=isinstance(stream, WSStream))

    def _shut(self, inlet: Inlet, task: asyncio.Task[None]) -> None:
        if task is not asyncio.current_task():
            task.cancel()
        while not inlet.empty():
            self._took(inlet.get_nowait())

    async def _finish(self, stream_id: int, *, whole: bool) -> None:
        """End our side, behind what is still to be sent; what is not whole must not look so."""
        if (buffer := self.stream_buffers.get(stream_id)) is None:
            return
        if not whole:
            await buffer.close()
            self._reset(stream_id, ErrorCodes.INTERNAL_ERROR)
        buffer.set_complete()
        self.priority.unblock(stream_id)
        await self.has_data.set()
        await self._flush()

    def _reset(self, stream_id: int, why: ErrorCodes) -> None:
        with suppress(ProtocolError):  # it is over, or the connection is
            self.connection.reset_stream(stream_id, why)


def _uncompressed(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers that ask for no extension of WebSockets."""
    return [header for header in headers if header[0].lower() != _EXTENSIONS]
