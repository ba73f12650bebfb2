"""A client of HTTP/2 that says exactly what a test wants, and servers to say it to."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import h2.connection
import h2.errors
import h2.events
import pytest
from websockets.frames import Frame, Opcode

from kitfox import Service, current_call, fail_after, rpc
from kitfox.transports.http.hypercorn import HTTP2
from kitfox.transports.websocket import WebSocket


class Plane(Service, name="test.Plane"):
    """Everything that a client may try."""

    def __init__(self):
        self.running = 0
        self.release = asyncio.Event()

    @rpc
    async def double(self, number: int) -> int:
        """Double a number."""
        return 2 * number

    @rpc
    async def who(self) -> str:
        """Tell callers who they are."""
        return current_call().identity

    @rpc
    async def wait(self) -> str:
        """Wait until somebody allows it to end."""
        self.running += 1
        try:
            await self.release.wait()
            return "done"
        finally:
            self.running -= 1

    @rpc
    async def count(self, most: int) -> AsyncIterator[int]:
        """Count."""
        for number in range(most):
            yield number


class Stream:
    """What came on one stream."""

    def __init__(self):
        self.status = 0
        self.headers = {}
        self.body = b""
        self.ended = False
        self.reset = None

    @property
    def over(self):
        return self.ended or self.reset is not None

    @property
    def reply(self):
        assert self.status == 200, (self.status, self.body)
        return json.loads(self.body)["value"]


class Client:
    """One connection, stream by stream; it reads whenever it waits."""

    PIECE = 16384  # bytes of a frame

    def __init__(self, url, reader, writer):
        self.authority = urlsplit(url).netloc
        self.h2 = h2.connection.H2Connection()
        self.h2.initiate_connection()
        self.streams = defaultdict(Stream)
        self.gone_away = False
        self._reader, self._writer = reader, writer

    def flush(self):
        self._writer.write(self.h2.data_to_send())

    def ask(self, verb, path, *headers, end=True):
        number = self.h2.get_next_available_stream_id()
        fields = [(":method", verb), (":scheme", "https"), (":authority", self.authority)]
        self.h2.send_headers(number, [*fields, (":path", path), *headers], end_stream=end)
        self.flush()
        return number

    def call(self, name, *headers, **fields):
        typed = ("content-type", "application/json")
        number = self.ask("POST", f"/test.Plane/{name}", typed, *headers, end=False)
        self.send(number, json.dumps(fields).encode(), end=True)
        return number

    def send(self, number, data, *, end=False):
        for start in range(0, len(data) or 1, self.PIECE):
            piece = data[start : start + self.PIECE]
            self.h2.send_data(number, piece, end_stream=end and start + self.PIECE >= len(data))
        self.flush()

    def room(self, number):
        return self.h2.local_flow_control_window(number)

    def open_websocket(self, path="/", *headers):
        protocol = (":protocol", "websocket"), ("sec-websocket-version", "13")
        return self.ask("CONNECT", path, *protocol, *headers, end=False)

    @staticmethod
    def message(data, opcode=Opcode.TEXT):
        """Return a WebSocket's message, as a client writes it."""
        return Frame(opcode, data).serialize(mask=True)

    async def until(self, holds):
        """Read until something holds."""
        async with fail_after(10):
            while not holds():
                assert await self._read(), "the server has closed the connection"

    async def over(self, number):
        await self.until(lambda: self.streams[number].over)
        return self.streams[number]

    async def begun(self, number):
        await self.until(lambda: self.streams[number].status)
        return self.streams[number]

    async def sent_away(self):
        """Wait for the server's GOAWAY, and go on, as h2 does not."""
        await self.until(lambda: self.gone_away)
        self.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN

    async def closed(self):
        """Read until the server has closed the connection."""
        async with fail_after(10):
            while await self._read():
                pass

    async def _read(self):
        data = await self._reader.read(1 << 16)
        for event in self.h2.receive_data(data):
            self._take(event)
        self.flush()
        return data

    def _take(self, event):
        stream = self.streams[getattr(event, "stream_id", 0)]
        match event:
            case h2.events.ResponseReceived():
                stream.headers = dict(event.headers)
                stream.status = int(stream.headers[b":status"])
            case h2.events.DataReceived():
                stream.body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                stream.ended = True
            case h2.events.StreamReset():
                stream.reset = event.error_code
            case h2.events.ConnectionTerminated():
                self.gone_away = True


@pytest.fixture
def tls(issue):
    return issue("127.0.0.1")


@pytest.fixture
def plane():
    return Plane()


@pytest.fixture
def serving(plane, tls):
    def serve(**options):
        return HTTP2(**{"tls": tls, **options}).listen(plane.routes())

    return serve


@pytest.fixture
def dial(tls):
    """`async with dial(url) as client`: a client that speaks HTTP/2."""

    @asynccontextmanager
    async def connect(url, tls=tls):
        place, context = urlsplit(url), tls.client_context("h2")
        reader, writer = await asyncio.open_connection(place.hostname, place.port, ssl=context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        try:
            client = Client(url, reader, writer)
            client.flush()
            yield client
        finally:
            writer.transport.abort()

    return connect


@pytest.fixture
async def client(serving, dial):
    async with serving(websocket=WebSocket()) as url, dial(url) as client:
        yield client


@pytest.fixture
def stoppable():
    """Listen for a block; give the URL, and what stops the server and waits for its end."""

    @asynccontextmanager
    async def listen(listening):
        stopping, url = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def serve():
            async with listening as listened:
                url.set_result(listened)
                await stopping.wait()

        server = asyncio.create_task(serve())

        def stop():
            stopping.set()
            return server

        try:
            yield await url, stop
        finally:
            await stop()

    return listen
