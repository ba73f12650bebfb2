"""What only a single connection can show."""

import asyncio
import socket

import pytest

from kitfox.net import ClientLimits
from kitfox.net._http_connection import HTTPConnection


@pytest.fixture
async def connect():
    """`await connect(url, **limits)`: one connection of its own, and its transport."""
    transports = []
    loop = asyncio.get_running_loop()

    async def open_one(url, **limits):
        host, port = url.removeprefix("http://").split(":")
        transport, connection = await loop.create_connection(
            lambda: HTTPConnection(loop, ClientLimits(**limits), lambda _: None), host, port
        )
        transports.append((transport, connection))
        return transport, connection

    yield open_one
    for transport, connection in transports:
        transport.abort()
        await connection.lost


async def test_writes_are_not_delayed_by_nagle(connect, serve, say):
    async with serve(say()) as server:
        transport, _ = await connect(server.url)
        connected = transport.get_extra_info("socket")
        assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("keep_alive", "seconds"),
    [
        (b"", 4.0),
        (b"keep-alive: timeout=2\r\n", 1.6),
        (b"keep-alive: timeout=60\r\n", 4.0),
        (b"keep-alive: timeout=0\r\n", 0.0),
        (b"connection: close\r\n", None),
    ],
)
async def test_a_connection_idles_for_less_than_its_peer_keeps_it(
    connect, serve, say, keep_alive, seconds
):
    async with serve(say(b"HTTP/1.1 204 No\r\n" + keep_alive + b"\r\n")) as server:
        _, connection = await connect(server.url, idle_seconds=4.0)
        connection.send(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        await connection.reply()
        assert connection.finish() == seconds
