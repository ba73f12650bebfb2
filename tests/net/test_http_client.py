"""The client against servers that say exactly what the case needs."""

import asyncio
import socket

import pytest

from kitfox.net import ConnectFailed, ConnectionBroken, QueueFull
from kitfox.scope import fail_after

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def test_a_request_arrives_as_it_was_meant_and_its_reply_comes_back(client, serve):
    seen = []

    async def script(peer):
        seen.append(await peer.request())
        await peer.say(b"HTTP/1.1 418 Teapot\r\nX-Kind: Tea\r\ncontent-length: 5\r\n\r\nshort")
        await peer.ended()

    async with serve(script) as server:
        reply = await client.request(
            "POST", server.url + "/pot?size=1", headers=[(b"accept", b"*/*")], body=b"water"
        )
    host = server.url.removeprefix("http://").encode()
    head = (
        b"POST /pot?size=1 HTTP/1.1\r\nhost: %b\r\ncontent-length: 5\r\naccept: */*\r\n\r\n" % host
    )
    assert seen == [(head, b"water")]
    assert reply == (418, [(b"x-kind", b"Tea"), (b"content-length", b"5")], b"short")


async def test_headers_may_be_text_and_are_found_as_text(client, serve, say):
    answer = b"HTTP/1.1 200 OK\r\nX-Kind: Tea\r\nx-kind: Oolong\r\ncontent-length: 0\r\n\r\n"
    async with serve(say(answer, answer)) as server:
        reply = await client.request("GET", server.url, headers={"accept": "*/*"})
        assert (reply.header("X-kind"), reply.header("x-none")) == ("Tea", None)
        async with client.stream("GET", server.url, headers={"accept": "*/*"}) as streamed:
            assert (streamed.header("X-kind"), streamed.header("\u2028")) == ("Tea", None)


@pytest.mark.parametrize("body", ["text", None, {"a": 1}, [b"x"]])
async def test_a_body_that_is_no_bytes_is_refused_before_anything_is_sent(client, body):
    expected = f"body: expected bytes, got {type(body).__name__}"
    with pytest.raises(TypeError, match=expected):
        await client.request("POST", "http://127.0.0.1:9/", body=body)
    with pytest.raises(TypeError, match=expected):
        await client.stream("POST", "http://127.0.0.1:9/", body=body).__aenter__()
    assert not client.open_connections


async def test_a_body_may_be_a_bytearray(client, serve):
    seen = []

    async def script(peer):
        for _ in range(2):
            seen.append((await peer.request())[1])
            await peer.say(OK)

    async with serve(script) as server:
        await client.request("POST", server.url, body=bytearray(b"fox"))
        async with client.stream("POST", server.url, body=bytearray(b"den")) as reply:
            await reply.read()
    assert seen == [b"fox", b"den"]


async def test_one_connection_serves_many_requests(client, serve, say):
    async with serve(say(*[OK] * 20)) as server:
        for _ in range(20):
            assert (await client.request("GET", server.url)).body == b"ok"
        assert server.accepted == 1


async def test_a_reply_may_come_byte_by_byte(client, serve):
    async def script(peer):
        while True:
            await peer.request()
            for byte in OK:
                await peer.say(bytes([byte]))
                await asyncio.sleep(0)

    async with serve(script) as server:
        for _ in range(3):
            assert (await client.request("GET", server.url)).body == b"ok"
        assert server.accepted == 1


async def test_head_and_bodyless_statuses_leave_the_connection_usable(client, serve, say):
    head_reply = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
    replies = [head_reply, b"HTTP/1.1 204 No\r\n\r\n", b"HTTP/1.1 304 Same\r\n\r\n", OK]
    async with serve(say(*replies)) as server:
        methods = ["HEAD", "DELETE", "GET", "GET"]
        found = [await client.request(method, server.url) for method in methods]
        assert [(reply.status, reply.body) for reply in found] == [
            (200, b""),
            (204, b""),
            (304, b""),
            (200, b"ok"),
        ]
        assert server.accepted == 1


async def test_a_version_6_host_is_reached(client, serve, say):
    async with serve(say(OK), host="::1") as server:
        assert (await client.request("GET", server.url)).status == 200


async def test_a_unix_socket_is_reached(client, serve, say, tmp_path):
    path = f"{tmp_path}/s"
    async with serve(say(OK), path=path):
        url = f"http+unix://{path.replace('/', '%2F')}/x"
        assert (await client.request("GET", url)).status == 200


# ------------------------------------------------------------------------------ reuse


@pytest.mark.parametrize(
    "last_words",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=0\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + b"surplus",
        OK + b"H",
    ],
)
async def test_a_connection_that_shall_not_be_reused_is_closed(
    client, serve, say, last_words, eventually
):
    async with serve(say(last_words)) as server:
        for _ in range(2):
            assert (await client.request("POST", server.url)).body == b"ok"
        assert server.accepted == 2
        await eventually(lambda: not client.open_connections)


async def test_a_reply_without_length_ends_with_its_connection(client, serve, say):
    async with serve(say(b"HTTP/1.1 200 OK\r\n\r\nall of it", then_stay=False)) as server:
        for _ in range(2):
            assert (await client.request("POST", server.url)).body == b"all of it"
        assert server.accepted == 2


@pytest.mark.parametrize("ending", ["close", "reset"])
async def test_a_connection_that_the_peer_closed_while_idle_is_not_handed_out(
    client, serve, eventually, ending
):
    async def script(peer):
        await peer.request()
        await peer.say(OK)
        if ending == "reset":
            peer.reset()

    async with serve(script) as server:
        for _ in range(5):
            await client.request("POST", server.url)
            await eventually(lambda: not client.open_connections)
        assert server.accepted == 5


@pytest.mark.parametrize("last_words", [b"", b"surplus"])
async def test_a_connection_that_ended_while_the_loop_was_busy_is_not_handed_out(
    client, last_words
):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.settimeout(5)

        def answer():
            accepted, _ = listening.accept()
            accepted.settimeout(5)
            accepted.recv(1000)
            accepted.sendall(OK)
            return accepted

        for _ in range(3):
            serving = asyncio.get_running_loop().run_in_executor(None, answer)
            assert (await client.request("POST", url)).body == b"ok"
            with await serving as accepted:
                accepted.sendall(last_words)
            # The peer has closed, and the loop had no turn to see it.


async def test_unexpected_bytes_close_an_idle_connection(client, serve, eventually):
    chatter = asyncio.Event()

    async def script(peer):
        await peer.request()
        await peer.say(OK)
        await chatter.wait()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
        await peer.ended()

    async with serve(script) as server:
        await client.request("GET", server.url)
        chatter.set()
        await eventually(lambda: not client.open_connections)
        assert (await client.request("GET", server.url)).body == b"ok"


async def test_idle_connections_are_closed_when_their_time_is_over(limited, serve, say, eventually):
    async with limited(idle_seconds=0.05) as client, serve(say(OK)) as server:
        await client.request("GET", server.url)
        await eventually(lambda: not client.open_connections)


async def test_no_more_connections_idle_than_allowed(limited, serve, eventually):
    gate = asyncio.Barrier(5)

    async def script(peer):
        await peer.request()
        await gate.wait()
        await peer.say(OK)
        await peer.ended()

    async with limited(idle_connections=2) as client, serve(script) as server:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(client.request("GET", server.url))
        await eventually(lambda: client.open_connections == 2)


# ------------------------------------------------------------------------------ resending


def breaks_on_second_request(partial=b""):
    """Answer one request per connection; the next breaks the first connection, unanswered."""

    async def script(peer):
        await peer.request()
        await peer.say(OK)
        await peer.request()
        if peer.number == 0:
            await peer.say(partial)
        else:
            await peer.say(OK)
            await peer.ended()

    return script


async def test_an_idempotent_request_is_sent_again_when_its_kept_connection_gave_no_answer(
    client, serve
):
    async with serve(breaks_on_second_request()) as server:
        await client.request("GET", server.url)
        assert (await client.request("PUT", server.url, idempotent=True)).body == b"ok"
        assert server.accepted == 2


async def test_a_request_that_is_not_idempotent_is_never_sent_again(client, serve):
    async with serve(breaks_on_second_request()) as server:
        await client.request("GET", server.url)
        with pytest.raises(ConnectionBroken, match="without a reply") as caught:
            await client.request("POST", server.url)
        assert server.accepted == 1
    assert (caught.value.sent, caught.value.answered) == (True, False)
    assert caught.value.may_resend(idempotent=True)
    assert not caught.value.may_resend(idempotent=False)


async def test_a_request_is_not_sent_again_once_its_answer_began(client, serve):
    async with serve(breaks_on_second_request(partial=b"H")) as server:
        await client.request("GET", server.url)
        with pytest.raises(ConnectionBroken, match="in the middle") as caught:
            await client.request("GET", server.url, idempotent=True)
        assert server.accepted == 1
    assert caught.value.answered
    assert not caught.value.may_resend(idempotent=True)


async def plainly(client, url):
    await client.request("GET", url, idempotent=True)


async def streaming(client, url):
    async with client.stream("GET", url, idempotent=True):
        raise AssertionError


@pytest.mark.parametrize("ask", [plainly, streaming])
async def test_a_request_that_was_taken_by_a_server_that_died_never_counts_as_unsent(client, ask):
    async def answer_once_and_die(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        listening.close()
        writer.close()

    listening = await asyncio.start_server(answer_once_and_die, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    async with fail_after(5):
        await client.request("GET", url)
        with pytest.raises(ConnectionBroken, match="without a reply") as caught:
            await ask(client, url)
    assert (caught.value.sent, caught.value.answered) == (True, False)
    assert not caught.value.may_resend(idempotent=False)
    assert isinstance(caught.value.__cause__, ConnectFailed)


async def test_a_request_is_sent_again_only_once_and_only_on_a_kept_connection(client, serve):
    async def script(peer):
        await peer.request()
        if peer.number == 0:
            await peer.say(OK)
            await peer.request()

    async with serve(script) as server:
        await client.request("GET", server.url)
        with pytest.raises(ConnectionBroken):
            await client.request("GET", server.url, idempotent=True)
        assert server.accepted == 2
        with pytest.raises(ConnectionBroken):
            await client.request("GET", server.url, idempotent=True)
        assert server.accepted == 3


# ------------------------------------------------------------------------------ the queue


async def test_requests_beyond_the_limit_wait_and_are_served_in_order(limited, serve):
    order = []

    async def script(peer):
        while True:
            head, _ = await peer.request()
            order.append(int(head.split(b" ")[1].removeprefix(b"/")))
            await peer.say(OK)

    async with limited(connections=1) as client, serve(script) as server:
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(client.request("GET", f"{server.url}/{number}"))
                await asyncio.sleep(0)
        assert order == list(range(20))
        assert server.accepted == 1


async def test_a_full_queue_refuses_at_once(limited, serve, say):
    async with limited(connections=1, waiting=1) as client, serve(say()) as server:
        held = [asyncio.create_task(client.request("GET", server.url)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull) as caught:
            await client.request("GET", server.url)
        assert caught.value.may_resend(idempotent=False)
        for task in held:
            task.cancel()
        await asyncio.wait(held)


async def test_the_next_in_the_queue_opens_a_connection_when_one_breaks(limited, serve):
    async def script(peer):
        await peer.request()
        if peer.number:
            await peer.say(OK)
            await peer.ended()

    async with limited(connections=1) as client, serve(script) as server:
        first = asyncio.create_task(client.request("GET", server.url))
        await asyncio.sleep(0)
        assert (await client.request("GET", server.url)).body == b"ok"
        with pytest.raises(ConnectionBroken):
            await first


async def test_many_callers_share_few_connections(limited, serve):
    async def script(peer):
        while True:
            _, body = await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    async with limited(connections=7) as client, serve(script) as server:

        async def ask(number):
            body = str(number).encode()
            assert (await client.request("POST", server.url, body=body)).body == body

        await asyncio.gather(*[ask(number) for number in range(500)])
        assert server.accepted == 7
