"""HTTP/2, with a client that says exactly what a test wants."""

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
import trustme
from websockets.frames import Frame, Opcode

from kitfox import Service, Unavailable, Unreachable, current_call, fail_after, rpc
from kitfox.net import TLS
from kitfox.transports.http import HTTPConnection, HTTPLimits
from kitfox.transports.http.hypercorn import HTTP2
from kitfox.transports.websocket import WebSocket, WebSocketConnection

PIECE = 16384  # bytes of a frame


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
        for start in range(0, len(data) or 1, PIECE):
            piece = data[start : start + PIECE]
            self.h2.send_data(number, piece, end_stream=end and start + PIECE >= len(data))
        self.flush()

    def room(self, number):
        return self.h2.local_flow_control_window(number)

    def open_websocket(self, path="/", *headers):
        protocol = (":protocol", "websocket"), ("sec-websocket-version", "13")
        return self.ask("CONNECT", path, *protocol, *headers, end=False)

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


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def issue(authority, tmp_path):
    """`issue("a.example")`: the TLS of somebody with a certificate, who trusts the authority."""
    authority.cert_pem.write_to_path(ca := tmp_path / "ca.pem")

    def make(*names, **more):
        issued = authority.issue_cert(*names)
        file = tmp_path / f"{names[0]}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(file)
        return TLS(certificate=file, ca=ca, **more)

    return make


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


async def until(holds):
    async with fail_after(10):
        while not holds():
            await asyncio.sleep(0.005)


async def test_calls_share_one_connection_and_overtake_each_other(client, plane):
    slow = client.call("Wait")
    quick = [client.call("Double", number=number) for number in range(50)]
    for number, stream in enumerate(quick):
        assert (await client.over(stream)).reply == 2 * number
    assert not client.streams[slow].over
    plane.release.set()
    assert (await client.over(slow)).reply == "done"


async def test_replies_are_streamed(client):
    stream = client.call("Count", ("accept", "text/event-stream"), most=100)
    body = (await client.over(stream)).body
    assert body.count(b"data:") >= 100


async def test_a_handler_knows_the_caller_by_its_certificate(issue, serving, dial, tmp_path):
    tls = issue("127.0.0.1", client_ca=tmp_path / "ca.pem")
    caller = issue("portal.example")
    async with serving(tls=tls, websocket=WebSocket()) as url:
        async with dial(url, caller) as client:
            assert (await client.over(client.call("Who"))).reply == "portal.example"
        async with HTTPConnection(url, tls=caller) as connection:
            assert await Plane.client(connection).who() == "portal.example"
        wss = url.replace("https", "wss")
        async with WebSocketConnection(wss, tls=caller) as connection:
            assert await Plane.client(connection).who() == "portal.example"


async def test_a_caller_that_leaves_ends_its_handler(client, plane):
    stream = client.call("Wait")
    await until(lambda: plane.running == 1)
    client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
    client.flush()
    await until(lambda: plane.running == 0)


async def test_the_doors_rules_are_the_same(serving, dial):
    async with serving(token="fox", websocket=WebSocket()) as url, dial(url) as client:
        assert (await client.over(client.call("Double", number=1))).status == 401
        right = "authorization", "Bearer fox"
        assert (await client.over(client.call("Double", right, number=1))).reply == 2
        assert (await client.over(client.open_websocket())).status == 401
    async with serving(websocket=WebSocket()) as url, dial(url) as client:
        client.authority = "evil.example"
        assert (await client.over(client.call("Double", number=1))).status == 421
        client.authority = urlsplit(url).netloc
        other = ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")
        assert (await client.over(client.call("Double", *other, number=1))).status == 403
        protocol = "sec-websocket-protocol", "kitfox.json"
        assert (await client.over(client.open_websocket("/", protocol, *other))).status == 403


async def test_who_sends_too_much_is_answered_and_may_go_on(serving, dial):
    limits = HTTPLimits(body=1000)
    async with serving(limits=limits) as url, dial(url) as client:
        stream = client.ask("POST", "/test.Plane/Double", end=False)
        for _ in range(30):
            client.send(stream, b"x" * 1000)
        assert (await client.over(stream)).status == 413
        client.send(stream, b"x" * 1000)
        assert (await client.over(client.call("Double", number=4))).reply == 8


async def test_a_client_may_send_ever_more_over_one_connection(client):
    text = " " * 10_000
    for number in range(30):  # many times what the connection holds at once
        await client.until(lambda: client.h2.outbound_flow_control_window > 2 * len(text))
        stream = client.call("Double", number=number, unknown=text)
        assert (await client.over(stream)).reply == 2 * number


async def test_a_body_that_does_not_come_ends_its_stream_alone(serving, dial):
    limits = HTTPLimits(request_time=0.2)
    async with serving(limits=limits) as url, dial(url) as client:
        stream = client.ask("POST", "/test.Plane/Double", end=False)
        await client.over(stream)
        assert (await client.over(client.call("Double", number=4))).reply == 8


async def fails_midway(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ZeroDivisionError


async def test_a_reply_that_broke_off_does_not_look_whole(serving, dial, caplog):
    async with serving(fallback=fails_midway) as url, dial(url) as client:
        stream = await client.over(client.ask("GET", "/any"))
        assert stream.reset == h2.errors.ErrorCodes.INTERNAL_ERROR
        assert not stream.ended
        assert (await client.over(client.call("Double", number=4))).reply == 8
    assert "ZeroDivisionError" in caplog.text


async def never_reads(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    await asyncio.get_running_loop().create_future()


async def test_an_application_that_does_not_read_stops_no_other_stream(serving, dial):
    async with serving(fallback=never_reads, grace=0.1) as url, dial(url) as client:
        stream = client.open_websocket("/any")
        await client.begun(stream)
        for _ in range(100):
            client.send(stream, message(b"x" * 100))
        assert (await client.over(client.call("Double", number=4))).reply == 8
        assert client.room(stream) < 65535 - 90 * 100, "nobody has taken them"


@pytest.mark.parametrize(
    "request_of",
    [
        lambda client: client.ask("GET", "/é".encode().decode("latin-1")),
        lambda client: client.ask("CONNECT", "/", (":protocol", "connect-udp"), end=False),
        lambda client: client.ask("GET", "/\x80"),
    ],
)
async def test_what_nobody_can_serve_is_refused_by_itself(client, request_of):
    await client.until(lambda: client.h2.remote_settings.enable_connect_protocol)
    stream = await client.over(request_of(client))
    assert stream.reset == h2.errors.ErrorCodes.REFUSED_STREAM
    assert (await client.over(client.call("Double", number=4))).reply == 8


async def test_who_asks_and_takes_back_for_ever_is_cut_off(client):
    for _ in range(300):
        stream = client.ask("POST", "/test.Plane/Wait", end=False)
        client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
    client.flush()
    await client.closed()


async def test_no_more_connections_than_allowed(serving, dial):
    async with serving(limits=HTTPLimits(connections=1)) as url, dial(url) as first:
        assert (await first.over(first.call("Double", number=1))).reply == 2
        async with dial(url) as second:
            await second.closed()
        assert (await first.over(first.call("Double", number=1))).reply == 2


async def test_an_idle_connection_is_closed(serving, dial):
    async with serving(limits=HTTPLimits(idle=0.1)) as url, dial(url) as client:
        await client.closed()


@asynccontextmanager
async def stoppable(listening):
    """Give the URL, and what stops the server and waits for its end."""
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


async def test_a_stopping_server_says_so_and_ends_what_runs(plane, serving, dial):
    async with stoppable(serving()) as (url, stop), dial(url) as client:
        running = client.call("Wait")
        await until(lambda: plane.running == 1)
        stopped = stop()
        await client.until(lambda: client.gone_away)
        client.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN  # it goes on
        late = await client.over(client.call("Double", number=4))
        assert late.reset == h2.errors.ErrorCodes.REFUSED_STREAM, "it may be asked elsewhere"
        plane.release.set()
        assert (await client.over(running)).reply == "done"
        await client.closed()
        await stopped


async def test_what_outlives_the_grace_is_told_so(plane, serving, dial):
    async with stoppable(serving(grace=0.05)) as (url, stop), dial(url) as client:
        running = client.call("Wait")
        await until(lambda: plane.running == 1)
        stop()
        await client.until(lambda: client.gone_away)
        client.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN  # it goes on
        assert (await client.over(running)).status == 503


async def test_a_stranger_to_tls_is_not_answered(serving):
    async with serving() as url, HTTPConnection(url, tls=TLS()) as stranger:
        with pytest.raises((Unavailable, Unreachable)):
            await Plane.client(stranger).double(1)


def message(data, opcode=Opcode.TEXT):
    return Frame(opcode, data).serialize(mask=True)


async def test_a_websocket_carries_calls_within_http2(client):
    compressed = "sec-websocket-extensions", "permessage-deflate"
    protocol = "sec-websocket-protocol", "kitfox.json"
    stream = client.open_websocket("/", protocol, compressed)
    opened = await client.begun(stream)
    assert opened.status == 200
    assert opened.headers[b"sec-websocket-protocol"] == b"kitfox.json"
    assert b"sec-websocket-extensions" not in opened.headers
    client.send(stream, message(b'["request",1,"/test.Plane/Double",{"number":21},{},null]'))
    await client.until(lambda: b'["reply",1,{"value":42}' in opened.body)
    assert (await client.over(client.call("Double", number=4))).reply == 8
    client.send(stream, message((1000).to_bytes(2, "big"), Opcode.CLOSE))
    assert (await client.over(stream)).ended


async def test_a_websocket_that_ends_without_a_word_ends_its_calls(client, plane):
    stream = client.open_websocket("/", ("sec-websocket-protocol", "kitfox.json"))
    await client.begun(stream)
    client.send(stream, message(b'["request",1,"/test.Plane/Wait",{},{},null]'))
    await until(lambda: plane.running == 1)
    client.send(stream, b"", end=True)
    await until(lambda: plane.running == 0)
    await client.over(stream)


async def test_websockets_are_told_that_the_server_stops(plane, serving, dial):
    async with stoppable(serving(websocket=WebSocket())) as (url, stop), dial(url) as client:
        stream = client.open_websocket("/", ("sec-websocket-protocol", "kitfox.json"))
        opened = await client.begun(stream)
        client.send(stream, message(b'["request",1,"/test.Plane/Wait",{}]'))
        await until(lambda: plane.running == 1)
        stop()
        await client.until(lambda: client.gone_away)
        client.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN  # it goes on
        await client.until(lambda: b'["away"]' in opened.body)
        plane.release.set()
        await client.until(lambda: opened.ended)
        assert b'["reply",1,' in opened.body
        assert (1012).to_bytes(2, "big") in opened.body


async def test_a_message_longer_than_allowed_closes_its_websocket(serving, dial):
    async def listen(socket):
        async for _ in socket:
            pass

    websocket = WebSocket(handlers={"/": listen})
    async with serving(websocket=websocket) as url, dial(url) as client:
        stream = client.open_websocket()
        opened = await client.begun(stream)
        rest = message(b"x" * (5 << 20), Opcode.BINARY)
        while rest and not opened.body:
            await client.until(lambda: client.room(stream) or opened.body)
            room = min(client.room(stream), PIECE)
            client.send(stream, rest[:room])
            rest = rest[room:]
        await client.until(lambda: opened.body)
        assert opened.body[2:4] == (1009).to_bytes(2, "big")


async def test_a_fallback_application_is_started_and_stopped(serving):
    heard = []

    async def fallback(scope, receive, send):
        assert scope["type"] == "lifespan"
        for word in ("startup", "shutdown"):
            heard.append((await receive())["type"])
            await send({"type": f"lifespan.{word}.complete"})

    async with serving(fallback=fallback):
        assert heard == ["lifespan.startup"]
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


async def test_what_http2_cannot_have_is_refused_at_once(tls):
    with pytest.raises(ValueError, match="no upgrades"):
        HTTP2(tls=tls, upgrades={"kitfox-rpc": object()})
    with pytest.raises(ValueError, match="other machines"):
        HTTP2("0.0.0.0:0", tls=tls)
