"""What a client says when it gets no whole reply, and what it leaves behind."""

import asyncio
import socket

import pytest

from kitfox.net import (
    BadReply,
    ConnectFailed,
    ConnectionBroken,
    ReplyTooLarge,
)


async def test_a_refused_connection_is_told_and_nothing_was_sent(client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(ConnectFailed, match=f"cannot connect to http://127.*{port}") as caught:
            await client.request("POST", f"http://127.0.0.1:{port}/")
    assert caught.value.may_resend(idempotent=False)


async def test_an_unknown_host_is_told(client):
    with pytest.raises(ConnectFailed, match=r"nowhere\.invalid"):
        await client.request("GET", "http://nowhere.invalid/")


@pytest.mark.parametrize("host", ["a" * 64, "a..b", "."])
async def test_a_name_that_no_dns_could_hold_is_nobody(client, host):
    with pytest.raises(ConnectFailed, match="no DNS has such a name") as caught:
        await client.request("GET", f"http://{host}/")
    assert caught.value.may_resend(idempotent=False)


async def test_a_peer_that_does_not_accept_in_time_is_told(limited):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())  # takes the only place in the queue
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        async with limited(connect_seconds=0.05) as client:
            with pytest.raises(ConnectFailed, match=r"no connection within 0\.05 s"):
                await client.request("GET", url)
            assert not client.open_connections


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"nonsense\r\n", BadReply),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", BadReply),
        (b"HTTP/1.1 200 OK\r\nx: " + b"x" * 2000, ReplyTooLarge),
        (b"HTTP/1.1 200 OK\r\n" + b"a:\r\n" * 500, ReplyTooLarge),
        (b"HTTP/1.1 102 Working\r\n\r\n" * 100, ReplyTooLarge),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n" + b"x" * 2000, ReplyTooLarge),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", ConnectionBroken),
    ],
)
async def test_a_bad_reply_is_an_error_and_closes_its_connection(
    limited, serve, say, eventually, reply, error
):
    cut_short = say(reply, then_stay=error is not ConnectionBroken)
    async with limited(head_bytes=1000, body_bytes=1000) as client, serve(cut_short) as server:
        with pytest.raises(error):
            await client.request("GET", server.url, idempotent=True)
        await eventually(lambda: not client.open_connections)
        assert server.accepted == 1


async def test_a_malformed_request_never_reaches_the_network(client):
    with pytest.raises(ValueError, match="line break"):
        await client.request("GET", "http://127.0.0.1:1/", headers=[(b"x", b"\r\n")])


async def test_an_early_refusal_of_a_large_body_is_received(client, serve, eventually):
    async def script(peer):
        await peer.read(1000)
        await peer.say(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await peer.ended()

    async with serve(script) as server:
        reply = await client.request("POST", server.url, body=b"x" * 20_000_000)
        assert reply.status == 413
        await eventually(lambda: not client.open_connections)


async def test_closing_the_client_breaks_off_what_is_under_way(serve, limited, eventually):
    async def script(peer):
        await peer.ended()

    async with serve(script) as server:
        client = limited(connections=2)
        tasks = [asyncio.create_task(client.request("GET", server.url)) for _ in range(5)]
        await eventually(lambda: server.accepted == 2)
        await eventually(lambda: client.open_connections == 2)
        await client.aclose()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [ConnectionBroken] * 2 + [ConnectFailed] * 3
        with pytest.raises(RuntimeError, match="closed"):
            await client.request("GET", server.url)
        assert not client.open_connections
