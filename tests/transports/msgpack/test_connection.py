"""The connection: where it dials, what it survives, and what it says when it cannot."""

import asyncio
import contextlib

import pytest

from kitfox import NotFound, Unavailable, Unreachable, fail_after
from kitfox.multiplex import KeepAlive
from kitfox.net import TLS, TLSError
from kitfox.transports.http import HTTP
from kitfox.transports.msgpack import RPC, RPCConnection

PING, PONG = b"\x91\x09", b"\x91\x0a"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "rpc:127.0.0.1:1",
        "rpc://127.0.0.1",
        "rpc://127.0.0.1:http",
        "rpc+unix://relative",
        "127.0.0.1:1",
        "",
    ],
)
async def test_a_url_of_another_shape_is_refused(url):
    with pytest.raises(ValueError, match=r"expected|is not a number"):
        RPCConnection(url)


async def test_a_certificate_that_is_of_no_use_is_found_before_the_first_call(tmp_path):
    with pytest.raises(TLSError, match=r"none\.pem"):
        RPCConnection("rpcs://127.0.0.1:1", tls=TLS(certificate=tmp_path / "none.pem"))


async def test_nobody_there_is_unreachable(desk, tmp_path):
    async with RPCConnection(f"rpc+unix://{tmp_path}/none.sock") as connection, fail_after(10):
        with pytest.raises(Unreachable, match=r"none\.sock cannot be reached"):
            await type(desk).client(connection).add(1)


async def test_many_calls_share_one_connection_of_tcp(desk):
    peers = []
    async with serving(lambda reader, writer: peers.append(writer)) as address:
        async with RPCConnection(f"rpc://{address}") as connection:
            remote = type(desk).client(connection, timeout=0.2)
            outcomes = await asyncio.gather(
                *(remote.add(number) for number in range(50)), return_exceptions=True
            )
        assert all(isinstance(outcome, TimeoutError) for outcome in outcomes)
        assert len(peers) == 1


@contextlib.asynccontextmanager
async def serving(handle):
    """Serve connections with a function; yield `host:port`."""
    writers = []

    async def serve(reader, writer):
        writers.append(writer)
        if (done := handle(reader, writer)) is not None:
            await done

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for w in writers), return_exceptions=True)


async def test_one_connection_outlives_its_server(desk):
    async with RPC().listen(desk.routes()) as url:
        connection = RPCConnection(url)
        remote = type(desk).client(connection)
        assert await remote.add(1) == 2
    with pytest.raises(Unreachable):
        await remote.add(1)
    async with RPC(url.removeprefix("rpc://")).listen(desk.routes()):
        async with fail_after(10):
            assert await remote.add(2) == 3
        await connection.aclose()


@contextlib.asynccontextmanager
async def calling(service, url, **options):
    async with RPCConnection(url, **options) as connection, fail_after(10):
        yield type(service).client(connection)


async def test_a_server_that_falls_silent_is_found_by_asking(desk):
    keep_alive = KeepAlive(quiet=0.02, patience=0.05)
    async with (
        serving(lambda reader, writer: None) as address,
        calling(desk, f"rpc://{address}", keep_alive=keep_alive) as remote,
    ):
        with pytest.raises(Unavailable, match="says nothing any more"):
            await remote.add(1)


async def test_a_server_that_speaks_something_else_is_cut_off(desk):
    def chatter(reader, writer):
        writer.write(b"220 mail.example ESMTP\r\n")

    async with serving(chatter) as address, calling(desk, f"rpc://{address}") as remote:
        with pytest.raises(Unavailable, match="broke the rules of the wire"):
            await remote.add(1)


# ------------------------------------------------------------------------------------ upgrade


async def test_an_http_server_that_does_not_switch_is_unreachable(desk):
    async with HTTP().listen(desk.routes()) as url, calling(desk, f"rpc+{url}") as remote:
        with pytest.raises(Unreachable, match=r"does not switch to kitfox-rpc: HTTP/1\.1 \d+"):
            await remote.add(1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 20_000])
async def test_a_server_that_is_not_http_is_unreachable(desk, answer):
    async def answers(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with serving(answers) as address, calling(desk, f"rpc+http://{address}") as remote:
        with pytest.raises(Unreachable):
            await remote.add(1)


async def test_a_server_that_never_answers_the_upgrade_is_unreachable(desk):
    async with (
        serving(lambda reader, writer: None) as address,
        calling(desk, f"rpc+http://{address}", patience=0.05) as remote,
    ):
        with pytest.raises(Unreachable, match=r"did not answer within 0\.05 s"):
            await remote.add(1)


async def test_what_comes_with_the_switch_is_not_lost(desk):
    """A server may speak at once: its first frame arrives with the last of its HTTP."""
    heard = []

    async def switches(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: kitfox-rpc\r\n\r\n" + PING)
        heard.append(await reader.readexactly(len(PONG)))
        writer.write(b"\x95\x01\x01\x93\x05\xa4gone\x80\xc0\xc0")  # call 1 was not found

    async with serving(switches) as address, calling(desk, f"rpc+http://{address}") as remote:
        with pytest.raises(NotFound, match="gone"):
            await remote.add(1)
    assert heard == [PONG]
