"""Protocols of the user's own: what a handler sees, and who waits for whom."""

import asyncio

import pytest

from kitfox import fail_after
from kitfox.transports.websocket import WebSocketClosed

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


async def test_a_handler_that_fails_closes_with_1011(serving, raw, caplog):
    async def fail(socket):
        await socket.receive()
        raise LookupError("no such fox")

    async with serving(handlers={"/fail": fail}) as url, raw(f"{url}/fail") as client:
        client.send(TEXT, b"go")
        assert await client.closing() == 1011
    assert "no such fox" in caplog.text


async def test_of_a_long_reason_is_said_what_fits(serving, raw):
    async def explain(socket):
        await socket.close(4001, "é" * 100)

    async with serving(handlers={"/": explain}) as url, raw(url) as client:
        assert await client.read() == (CLOSE, b"\x0f\xa1" + "é".encode() * 61)


async def test_a_handler_that_closes_with_a_code_that_is_none_has_failed(serving, raw, caplog):
    async def confuse(socket):
        await socket.close(42)

    async with serving(handlers={"/": confuse}) as url, raw(url) as client:
        assert await client.closing() == 1011
    assert "the handler of / failed" in caplog.text


async def test_a_handler_sees_path_query_headers_peer_and_subprotocols(serving, raw):
    seen = asyncio.get_running_loop().create_future()

    async def look(socket):
        await socket.accept(socket.subprotocols[1])
        seen.set_result(socket)
        await socket.send(b"\x00")
        await socket.close(4000, "seen")

    offer = "sec-websocket-protocol: one, two"
    async with serving(handlers={"/look": look}) as url, raw(url, shake=False) as client:
        await client.shake(f"{url}/look", offer)
        assert client.headers["sec-websocket-protocol"] == "two"
        assert await client.read() == (BINARY, b"\x00")
        client.send(CLOSE, b"\x0f\xa0")
        assert await client.closing() == 4000
        socket = await seen
        assert (socket.path, socket.query, socket.identity) == ("/look", b"", "")
        assert list(socket.subprotocols) == ["one", "two"]
        assert socket.headers[b"upgrade"] == b"websocket"
        assert socket.peer.startswith("127.0.0.1:")


async def test_a_handler_learns_why_its_client_left(serving, raw):
    left = asyncio.get_running_loop().create_future()

    async def listen(socket):
        try:
            await socket.receive()
        except WebSocketClosed as closed:
            left.set_result((closed.code, closed.reason))
            with pytest.raises(WebSocketClosed):
                await socket.receive()
            with pytest.raises(WebSocketClosed):
                await socket.send("too late")

    async with serving(handlers={"/": listen}) as url, raw(url) as client:
        client.send(CLOSE, b"\x0f\xa0later")
        async with fail_after(10):
            assert await left == (4000, "later")


@pytest.mark.parametrize(
    ("early", "answer"),
    [
        ((TEXT, b"early"), (TEXT, b"early")),
        ((PING, b"early"), (PONG, b"early")),
        ((CLOSE, b"\x03\xe8"), (CLOSE, b"\x03\xe8")),
    ],
)
async def test_what_comes_before_the_handshake_is_answered_waits(
    serving, raw, early, answer, caplog
):
    gate = asyncio.Event()

    async def hesitate(socket):
        await gate.wait()
        async for message in socket:
            await socket.send(message)

    async with serving(handlers={"/": hesitate}) as url, raw(url, shake=False) as client:
        shaking = asyncio.create_task(client.shake(url))
        await asyncio.sleep(0)
        client.send(*early)
        gate.set()
        await shaking
        assert client.status == 101
        assert await client.read() == answer
    assert caplog.text == ""


async def test_a_client_that_does_not_read_lets_its_handler_wait(serving, raw, settled):
    sent = []

    async def flood(socket):
        while True:
            await socket.send(b"x" * 65536)
            sent.append(1)

    async with serving(handlers={"/": flood}) as url, raw(url) as client:
        client.writer.transport.pause_reading()
        most = await settled(lambda: len(sent))
        assert most * 65536 < 64 << 20
        client.writer.transport.resume_reading()
        while len(sent) == most:
            assert (await client.read())[0] == BINARY
        client.writer.transport.abort()


async def test_a_handler_that_sends_without_end_lets_others_have_their_turn(serving, raw):
    async def flood(socket):
        while True:
            await socket.send("x")

    async with serving(handlers={"/": flood}) as url, raw(url) as client:
        for _ in range(1000):
            assert await client.read() == (TEXT, b"x")
        client.writer.transport.abort()


async def test_a_handler_that_does_not_read_lets_its_client_wait(serving, raw, settled):
    gate, count = asyncio.Event(), 0

    async def sleep(socket):
        await socket.accept()
        await gate.wait()
        async for _ in socket:
            pass

    async def write(client):
        nonlocal count
        frame = client.frame(BINARY, b"x" * 65536)
        for count in range(1, 301):  # noqa: B007  it is looked at
            client.write(frame)
            await client.writer.drain()

    async with serving(handlers={"/": sleep}) as url, raw(url) as client:
        writing = asyncio.create_task(write(client))
        assert await settled(lambda: count) < 300
        gate.set()
        async with fail_after(10):
            await writing


async def test_empty_messages_that_nobody_takes_let_their_client_wait(serving, raw, settled):
    gate, count = asyncio.Event(), 0

    async def sleep(socket):
        await socket.accept()
        await gate.wait()

    async def write(client):
        nonlocal count
        many = client.frame(BINARY) * 10_000
        for count in range(1, 1001):  # noqa: B007  it is looked at
            client.write(many)
            await client.writer.drain()

    async with serving(handlers={"/": sleep}) as url, raw(url) as client:
        writing = asyncio.create_task(write(client))
        assert await settled(lambda: count) < 1000
        writing.cancel()
        gate.set()
