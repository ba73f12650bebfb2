"""Bodies that flow, in both directions."""

import asyncio
import tracemalloc

import pytest

from kitfox.net import ConnectionBroken, ReplyTooLarge
from kitfox.scope import fail_after

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


async def test_pieces_are_seen_as_they_come(client, serve):
    step = asyncio.Event()

    async def script(peer):
        await peer.request()
        await peer.say(HEAD)
        for word in (b"one", b"two", b"three"):
            await step.wait()
            step.clear()
            await peer.say(chunk(word))
        await peer.say(chunk(b""))
        await peer.request()
        await peer.say(OK)

    async with serve(script) as server:
        seen = []
        async with client.stream("GET", server.url) as reply:
            assert reply.status == 200
            assert (b"transfer-encoding", b"chunked") in reply.headers
            step.set()
            async for piece in reply:
                seen.append(piece)
                step.set()
        assert seen == [b"one", b"two", b"three"]
        assert (await client.request("GET", server.url)).body == b"ok"
        assert server.accepted == 1


async def test_leaving_early_closes_the_connection(client, serve):
    gone = asyncio.Event()

    async def script(peer):
        await peer.request()
        await peer.say(HEAD + chunk(b"first"))
        await peer.ended()
        gone.set()

    async with serve(script) as server:
        async with client.stream("GET", server.url) as reply:
            async for piece in reply:
                assert piece == b"first"
                break
        await gone.wait()


async def test_leaving_when_all_has_arrived_keeps_the_connection(client, serve, say):
    async with serve(say(OK, OK)) as server:
        async with client.stream("GET", server.url) as reply:
            assert reply.status == 200
        assert (await client.request("GET", server.url)).body == b"ok"
        assert server.accepted == 1


async def test_a_whole_body_can_be_read_at_once_up_to_the_limit(limited, serve, say):
    async with limited(body_bytes=5) as client:
        async with serve(say(OK)) as server, client.stream("GET", server.url) as reply:
            assert await reply.read() == b"ok"
        async with (
            serve(say(HEAD + chunk(b"too much"))) as server,
            client.stream("GET", server.url) as reply,
        ):
            with pytest.raises(ReplyTooLarge):
                await reply.read()


async def test_a_body_cut_short_is_an_error_after_what_came(client, serve, say):
    async with serve(say(HEAD + chunk(b"begun"), then_stay=False)) as server:
        seen = []
        with pytest.raises(ConnectionBroken, match="in the middle"):
            async with client.stream("GET", server.url) as reply:
                async for piece in reply:
                    seen.append(piece)
        assert seen == [b"begun"]


@pytest.mark.parametrize("ending", ["reset", "closed"])
async def test_a_body_without_length_is_not_taken_for_whole_when_it_is_cut_off(
    client, serve, ending, eventually
):
    end = asyncio.Event()

    async def script(peer):
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\nbegun")
        await end.wait()
        if ending == "reset":
            peer.reset()

    async with serve(script) as server:
        with pytest.raises(ConnectionBroken):
            async with client.stream("GET", server.url) as reply:
                assert await anext(reply) == b"begun"
                if ending == "closed":
                    await client.aclose()
                end.set()
                await eventually(lambda: not client.open_connections)
                await anext(reply)


async def test_a_slow_reader_stops_its_sender_and_memory_stays_flat(limited, serve, eventually):
    stuck = asyncio.Event()
    sent = 0
    piece = chunk(b"x" * 65000)

    async def script(peer):
        nonlocal sent
        await peer.request()
        await peer.say(HEAD)
        for _ in range(1500):  # 97 MB
            say = asyncio.ensure_future(peer.say(piece))
            done, _ = await asyncio.wait({say}, timeout=0.2)
            if not done:
                stuck.set()
            await say
            sent += 1
        await peer.say(chunk(b""))

    async with limited(stream_buffer_bytes=100_000) as client, serve(script) as server:
        async with client.stream("GET", server.url) as reply:
            await stuck.wait()
            assert sent < 500
            tracemalloc.start()
            total = 0
            async for data in reply:
                total += len(data)
                assert len(data) < 1_000_000
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert total == 1500 * 65000
        assert peak < 8_000_000


async def test_a_body_that_flows_is_sent_in_chunks(client, serve):
    received = bytearray()

    async def script(peer):
        while not received.endswith(b"0\r\n\r\n"):
            received.extend(await peer.read())
        await peer.say(OK)
        await peer.request()
        await peer.say(OK)

    async def body():
        yield b"one"
        yield b""
        yield b"three"

    async with serve(script) as server:
        async with client.stream("POST", server.url, body=body()) as reply:
            assert await reply.read() == b"ok"
        assert received.endswith(b"\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")
        assert b"transfer-encoding: chunked\r\n" in received
        await client.request("GET", server.url)
        assert server.accepted == 1


async def test_both_directions_flow_at_once(client, serve):
    async def script(peer):
        while await peer.readline() != b"\r\n":
            pass
        await peer.say(HEAD)
        while size := int(await peer.readline(), 16):
            await peer.say(chunk((await peer.readline()).strip() * 2))
            assert size
        await peer.say(chunk(b""))

    questions: asyncio.Queue[bytes] = asyncio.Queue()

    async def body():
        while question := await questions.get():
            yield question

    async with serve(script) as server, client.stream("POST", server.url, body=body()) as reply:
        pieces = aiter(reply)
        for word in (b"a", b"b", b"c"):
            questions.put_nowait(word)
            assert await anext(pieces) == word * 2
        questions.put_nowait(b"")
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)


async def test_a_slow_peer_slows_the_body_down(client, serve):
    go = asyncio.Event()
    made = 0

    async def script(peer):
        await go.wait()
        while not (await peer.read()).endswith(b"0\r\n\r\n"):
            pass
        await peer.say(OK)

    async def body():
        nonlocal made
        for _ in range(1000):
            yield b"x" * 65000
            made += 1

    async with serve(script) as server:
        opening = asyncio.create_task(_status(client.stream("POST", server.url, body=body())))
        before = -1
        while made != before:  # until the body stands still
            before = made
            await asyncio.sleep(0.05)
        assert made < 500
        go.set()
        assert await opening == 200
        assert made == 1000


async def _status(stream):
    async with stream as reply:
        return reply.status


async def test_a_body_that_fails_fails_the_request_and_closes_its_connection(
    client, serve, eventually
):
    async def script(peer):
        await peer.ended()

    async def body():
        yield b"one"
        raise LookupError("the source is dry")

    async with serve(script) as server:
        with pytest.raises(LookupError, match="dry"):
            async with client.stream("POST", server.url, body=body()):
                pass
        await eventually(lambda: not client.open_connections)


async def test_an_answer_before_the_end_of_the_body_stops_the_body(client, serve, eventually):
    closed = asyncio.Event()

    async def script(peer):
        await peer.read()
        await peer.say(OK)
        await peer.ended()

    async def body():
        try:
            while True:
                yield b"more"
                await asyncio.sleep(0.001)
        finally:
            closed.set()

    async with serve(script) as server:
        async with client.stream("POST", server.url, body=body()) as reply:
            assert await reply.read() == b"ok"
        assert closed.is_set()
        await eventually(lambda: not client.open_connections)


async def test_a_flowing_body_is_never_sent_twice(client, serve):
    async def script(peer):
        await peer.request()
        await peer.say(OK)
        await peer.readline()

    async def body():
        yield b"x"

    async with serve(script) as server:
        await client.request("GET", server.url)
        with pytest.raises(ConnectionBroken):
            async with client.stream("PUT", server.url, body=body(), idempotent=True):
                pass
        assert server.accepted == 1


async def test_an_idempotent_stream_is_opened_again_on_a_stale_connection(client, serve):
    async def script(peer):
        await peer.request()
        if peer.number == 0:
            await peer.say(OK)
            await peer.request()
        else:
            await peer.say(OK)
            await peer.ended()

    async with serve(script) as server:
        await client.request("GET", server.url)
        async with client.stream("GET", server.url, idempotent=True) as reply:
            assert await reply.read() == b"ok"
        assert server.accepted == 2


async def test_a_reader_that_is_cancelled_closes_the_connection(client, serve, eventually):
    async def script(peer):
        await peer.request()
        await peer.say(HEAD)
        await peer.ended()

    async with serve(script) as server:
        with pytest.raises(TimeoutError):
            async with fail_after(0.05), client.stream("GET", server.url) as reply:
                await reply.read()
        await eventually(lambda: not client.open_connections)
