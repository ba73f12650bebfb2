"""The listener: who is let in, how much of what, and how it all ends."""

import asyncio
import os
import socket
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import msgspec
import pytest

from kitfox import Unauthenticated, Unavailable, fail_after
from kitfox.multiplex import KeepAlive
from kitfox.net import TLS
from kitfox.transports.http import HTTP
from kitfox.transports.msgpack import RPC, RPCConnection, RPCLimits, RPCUpgrade

ADD = "acme.v1.Desk/Add"


def box(message):
    return msgspec.msgpack.Ext(75, msgspec.msgpack.encode(message))


def request(number, a=1):
    return [0, number, ADD, [box({"a": a})], None, None]


@asynccontextmanager
async def client(desk, url, **options):
    async with RPCConnection(url, **options) as connection, fail_after(10):
        yield type(desk).client(connection)


# --------------------------------------------------------------------------------- addresses


async def test_an_address_that_others_can_reach_needs_a_word_about_it():
    with pytest.raises(ValueError, match=r"token='…', a TLS with client_ca='…', or public=True"):
        RPC("0.0.0.0:0")
    RPC("0.0.0.0:0", token="secret")
    RPC("0.0.0.0:0", public=True)
    RPC(":0")


def test_an_empty_token_is_refused():
    with pytest.raises(ValueError, match="an empty token protects nothing"):
        RPC(token="")


async def test_a_unix_socket_is_served_and_can_be_had_again(desk, tmp_path):
    listener = RPC(f"unix:{tmp_path}/a desk.sock")
    for _ in range(2):
        async with listener.listen(desk.routes()) as url, client(desk, url) as remote:
            assert url == f"rpc+unix://{tmp_path}/a%20desk.sock"
            assert await remote.add(1, 2) == 3


async def test_tls_has_no_place_on_a_unix_socket(tmp_path):
    with pytest.raises(ValueError, match="give no tls"):
        RPC(f"unix:{tmp_path}/x.sock", tls=TLS(certificate=tmp_path / "none.pem"))


async def test_connections_are_watched_by_the_kernel_and_delay_nothing(desk):
    """What a listening socket is told, those that it accepts are, too."""
    async with RPC(keep_alive=KeepAlive(quiet=7.0)).listen(desk.routes()) as url:
        async with client(desk, url) as remote:
            assert await remote.add(1) == 2
            accepted = [found for found in all_sockets() if found.port == port_of(url)]
        assert [(found.alive, found.idle, found.nodelay) for found in accepted] == [(1, 7, 1)]


def port_of(url):
    return int(url.rpartition(":")[2])


class Accepted(msgspec.Struct):
    port: int
    alive: int
    idle: int
    nodelay: int


def all_sockets():
    """Look through this process's files for accepted TCP connections."""
    for file in tuple(Path("/proc/self/fd").iterdir()):
        try:
            copy = socket.socket(fileno=os.dup(int(file.name)))
        except OSError:
            continue
        with copy:
            if copy.family == socket.AF_INET and not listens(copy):
                yield Accepted(
                    copy.getsockname()[1],
                    copy.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                    copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                    copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
                )


def listens(found):
    return found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


# ------------------------------------------------------------------------------------ tokens


async def test_a_caller_shows_its_token_before_it_calls(desk):
    async with RPC(token="open sesame").listen(desk.routes()) as url:
        async with client(desk, url, token="open sesame") as remote:
            assert await remote.add(1) == 2
        for wrong in (None, "open", ""):
            async with client(desk, url, token=wrong) as remote:
                with pytest.raises(Unauthenticated):
                    await remote.add(1)


async def test_a_token_where_none_is_asked_for_harms_nobody(desk):
    async with RPC().listen(desk.routes()) as url, client(desk, url, token="any") as remote:
        assert await remote.add(1) == 2


async def test_a_plain_caller_may_show_the_token_too(desk, raw):
    listener = RPC(token="secret")
    async with listener.listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        peer.send([0, 1, ADD, [1]])
        kind, number, error, result = await peer.receive()
        assert (kind, number, error[0], result) == (1, 1, 16, None)
        peer.send([11, "secret"], [0, 2, ADD, [1]])
        assert await peer.receive() == [1, 2, None, 2]


async def test_what_a_stranger_streams_or_notifies_is_ignored(desk, raw):
    listener = RPC(token="secret")
    async with listener.listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        peer.send([2, "acme.v1.Desk/Note", ["x"]], [3, 1, box(1)], [4, 1], [5, 1, 1], [6, 1])
        peer.send(request(1))
        kind, number, error, *_ = await peer.receive()
        assert (kind, number, error[0]) == (1, 1, 16)
    assert desk.noted == []


# ------------------------------------------------------------------------------------ limits


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xc1",
        b"\x91" * 100,
        b"\x93\x03\xce\x00\x00\x00\x01\xc9\xff\xff\xff\xff\x4b",
        msgspec.msgpack.encode([1, 1, None, None, None]),  # a reply, from a caller
        msgspec.msgpack.encode([8]),  # a caller does not go away
    ],
)
async def test_a_peer_that_breaks_the_rules_is_cut_off_and_the_server_goes_on(desk, raw, data):
    async with RPC().listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        peer.write(data)
        assert await peer.closed() == []
        async with client(desk, url) as remote:
            assert await remote.add(1) == 2


async def test_connections_beyond_the_limit_are_closed_at_once(desk, raw):
    listener = RPC(limits=RPCLimits(connections=1))
    async with listener.listen(desk.routes()) as url, fail_after(10):
        async with raw(url) as first:
            first.send(request(1))
            await first.receive()
            async with raw(url) as second:
                assert await second.closed() == []
            first.send(request(2))
            assert (await first.receive())[1] == 2
        while not await answered(raw, url):  # until the server has heard that the first one left
            pass


async def answered(raw, url):
    async with raw(url) as peer:
        peer.send(request(1))
        try:
            return (await peer.receive())[1] == 1
        except (EOFError, ConnectionError):
            return False


async def test_a_peer_that_is_silent_though_asked_is_cut_off(desk, raw, eventually):
    listener = RPC(keep_alive=KeepAlive(quiet=0.02, patience=0.05))
    async with listener.listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        peer.send([0, 1, "acme.v1.Desk/Wait", [box({})], None, None])
        await desk.cancelled.wait()  # the call of a peer that is gone is cancelled
        assert await peer.closed() == [[9]]


async def test_a_peer_that_answers_may_be_quiet_for_ever(desk, raw):
    listener = RPC(keep_alive=KeepAlive(quiet=0.02, patience=0.5))
    async with listener.listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        peer.send([10])
        for _ in range(3):
            assert await peer.receive() == [9]
            peer.send([10])


async def test_a_ping_is_answered(desk, raw):
    async with RPC().listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        peer.send([9])
        assert await peer.receive() == [10]


async def test_a_peer_that_does_not_read_is_not_read_from(desk, raw, eventually, settled):
    """Its requests stay in its own buffers: what the server holds for it does not grow."""
    many, megabyte = 48, bytes(1_000_000)
    async with RPC().listen(desk.routes()) as url, raw(url) as peer, fail_after(30):
        for number in range(many):
            peer.send([0, number, "acme.v1.Desk/Echo", [megabyte]])
        assert await settled(lambda: desk.echoed) < many
        reading = asyncio.create_task(peer.skim())
        await eventually(lambda: desk.echoed == many)
        reading.cancel()
        await asyncio.wait([reading])


# ------------------------------------------------------------------------------------ the end


async def first_refused(peer) -> int:
    """Make calls until one is refused; return its number."""
    for number in count(2):
        peer.send(request(number))
        kind, answered, *_ = await peer.receive()
        assert answered == number
        if kind == 7:
            return number
        await asyncio.sleep(0.01)
    raise AssertionError


async def test_ours_are_told_to_go_elsewhere_and_get_their_last_reply(desk, raw, eventually):
    listening = RPC(grace=10.0).listen(desk.routes())
    url = await listening.__aenter__()
    async with raw(url) as peer, fail_after(10):
        peer.send([0, 1, "acme.v1.Desk/Wait", [box({})], None, None])
        await eventually(lambda: desk.waiting == 1)
        ending = asyncio.create_task(listening.__aexit__(None, None, None))
        assert await peer.receive() == [8]
        refused = await first_refused(peer)
        assert refused > 2, "a call that was on its way is served"
        desk.release.set()
        assert (await peer.receive())[:3] == [1, 1, None]
        assert await peer.closed() == []
        await ending


# ----------------------------------------------------------------------- certificates, upgrade


async def test_a_handler_knows_its_caller_by_the_certificate(desk, issue):
    async with RPC(tls=issue("127.0.0.1", asks=True)).listen(desk.routes()) as url:
        assert url.startswith("rpcs://")
        async with client(desk, url, tls=issue("portal.example")) as remote:
            assert await remote.who() == "portal.example"


async def test_a_caller_without_a_certificate_is_not_let_in_where_one_is_asked_for(desk, issue):
    tls = issue("127.0.0.1", asks=True)
    listener, nobody = RPC(tls=tls), TLS(ca=tls.ca)
    async with listener.listen(desk.routes()) as url, client(desk, url, tls=nobody) as remote:
        with pytest.raises(Unavailable):
            await remote.who()


async def test_an_http_port_gives_its_connections_away(desk):
    listener = HTTP(upgrades={"kitfox-rpc": RPCUpgrade()})
    async with listener.listen(desk.routes()) as url, client(desk, f"rpc+{url}") as remote:
        assert await remote.add(1) == 2
        assert [number async for number in remote.count(3)] == [0, 1, 2]
