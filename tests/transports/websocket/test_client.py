"""Calls from Python over WebSockets: what goes wrong before, amid and after the handshake."""

import asyncio

import pytest
from websockets.asyncio.server import serve as foreign

from kitfox import Unauthenticated, Unavailable, Unimplemented, Unreachable, fail_after
from kitfox.multiplex import KeepAlive
from kitfox.transports.websocket import WebSocketConnection, WebSocketLimits


@pytest.fixture
def stranger():
    """A WebSocket server that is not ours; it does with each WebSocket what it is told."""

    def run(handler):
        return foreign(handler, "127.0.0.1", 0, subprotocols=["kitfox.msgpack"])

    return run


def url_of(server):
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("codec", ["msgpack", "json"])
async def test_both_codecs_carry_calls(serving, counter, codec):
    async with serving() as url, WebSocketConnection(url, codec=codec) as connection:
        client = type(counter).client(connection)
        assert await client.double(21) == 42
        assert [number async for number in client.count(100)] == list(range(100))


@pytest.mark.parametrize(
    "url", ["http://host", "ws://", "ws:///path", "ws://host:x", "ws://host/#part", ""]
)
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(ValueError):
        WebSocketConnection(url)


def test_a_codec_that_is_unknown_is_refused():
    with pytest.raises(ValueError, match="expected 'msgpack' or 'json'"):
        WebSocketConnection("ws://host", codec="xml")


async def test_a_token_is_shown(serving, counter):
    http = {"token": "right"}
    async with serving(http=http) as url, WebSocketConnection(url, token="right") as connection:
        assert await type(counter).client(connection).double(1) == 2


async def test_a_wrong_token_is_an_error_of_the_call(serving, counter):
    http = {"token": "right"}
    async with serving(http=http) as url, WebSocketConnection(url, token="wrong") as connection:
        with pytest.raises(Unauthenticated, match="the token is wrong"):
            await type(counter).client(connection).double(1)


async def test_a_path_without_calls_is_unimplemented(serving, counter):
    async with serving() as url, WebSocketConnection(f"{url}/nowhere") as connection:
        with pytest.raises(Unimplemented, match="no WebSocket at /nowhere"):
            await type(counter).client(connection).double(1)


async def test_nobody_who_listens_is_unreachable(serving, counter):
    async with serving() as url:
        pass
    async with WebSocketConnection(url) as connection:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await type(counter).client(connection).double(1)


async def test_who_does_not_answer_the_handshake_is_unreachable(counter):
    async def mute(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    limits = WebSocketLimits(handshake=0.1)
    async with server, WebSocketConnection(url_of(server), limits=limits) as connection:
        with pytest.raises(Unreachable, match=r"did not answer within 0\.1 s"):
            await type(counter).client(connection).double(1)


async def test_who_speaks_no_subprotocol_of_ours_is_unreachable(counter):
    async def nothing(socket):
        await socket.wait_closed()

    listening = foreign(nothing, "127.0.0.1", 0)
    async with listening as server, WebSocketConnection(url_of(server)) as connection:
        with pytest.raises(Unreachable, match="does not speak"):
            await type(counter).client(connection).double(1)


async def test_a_server_that_breaks_the_rules_is_left(stranger, counter):
    codes = asyncio.get_running_loop().create_future()

    async def babble(socket):
        await socket.recv()
        await socket.send(b"\xc1")
        await socket.wait_closed()
        codes.set_result(socket.close_code)

    async with stranger(babble) as server, WebSocketConnection(url_of(server)) as connection:
        with pytest.raises(Unavailable, match="1002"):
            await type(counter).client(connection).double(1)
        async with fail_after(10):
            assert await codes == 1002


async def test_a_server_that_closes_amid_a_call_makes_it_unavailable(stranger, counter):
    async def leave(socket):
        await socket.recv()
        await socket.close(1012, "restart")

    async with stranger(leave) as server, WebSocketConnection(url_of(server)) as connection:
        with pytest.raises(Unavailable, match="1012 restart"):
            await type(counter).client(connection).double(1)


async def test_a_server_of_which_nothing_is_heard_makes_a_call_unavailable(counter):
    from websockets.server import ServerProtocol

    async def freeze(reader, writer):
        decisions = ServerProtocol(subprotocols=["kitfox.msgpack"])
        decisions.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (request,) = decisions.events_received()
        decisions.send_response(decisions.accept(request))
        writer.write(b"".join(decisions.data_to_send()))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(freeze, "127.0.0.1", 0)
    keep_alive = KeepAlive(quiet=0.05, patience=0.05)
    async with server, WebSocketConnection(url_of(server), keep_alive=keep_alive) as connection:
        with pytest.raises(Unavailable, match="nothing was heard"):
            await type(counter).client(connection).double(1)


async def test_the_next_call_after_a_loss_opens_another_websocket(serving, counter, stranger):
    seen = []

    async def leave(socket):
        seen.append(socket)
        await socket.recv()

    async with stranger(leave) as server, WebSocketConnection(url_of(server)) as connection:
        client = type(counter).client(connection)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await client.double(1)
    assert len(seen) == 2
