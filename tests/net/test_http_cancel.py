"""A caller that gives up, in each phase of its request."""

import asyncio
import socket

import pytest

from kitfox.net import HTTPClient
from kitfox.scope import fail_after

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def cancelled(task):
    task.cancel()
    await asyncio.wait({task})
    return task.cancelled()


async def test_cancelled_while_it_waits_for_the_reply_it_closes_its_connection(
    client, serve, eventually
):
    gone = asyncio.Event()

    async def script(peer):
        await peer.request()
        if peer.number == 0:
            await peer.ended()
            gone.set()
        else:
            await peer.say(OK)
            await peer.ended()

    async with serve(script) as server:
        task = asyncio.create_task(client.request("GET", server.url))
        await eventually(lambda: client.open_connections)
        assert await cancelled(task)
        await gone.wait()
        assert (await client.request("GET", server.url)).body == b"ok"


async def test_cancelled_in_the_middle_of_the_reply_it_closes_its_connection(client, serve):
    begun, gone = asyncio.Event(), asyncio.Event()

    async def script(peer):
        await peer.request()
        await peer.say(OK[:-1])
        begun.set()
        await peer.ended()
        gone.set()

    async with serve(script) as server:
        task = asyncio.create_task(client.request("GET", server.url))
        await begun.wait()
        assert await cancelled(task)
        await gone.wait()


async def test_cancelled_while_it_sends_a_large_body_it_closes_its_connection(
    client, serve, eventually
):
    started, gone = asyncio.Event(), asyncio.Event()

    async def script(peer):
        await peer.read(1000)
        started.set()
        await peer.ended()
        gone.set()

    async with serve(script) as server:
        task = asyncio.create_task(client.request("POST", server.url, body=b"x" * 50_000_000))
        await started.wait()
        assert await cancelled(task)
        await gone.wait()
        await eventually(lambda: not client.open_connections)


async def test_cancelled_in_the_queue_it_leaves_no_trace(limited, serve):
    release = asyncio.Event()

    async def script(peer):
        while True:
            await peer.request()
            await release.wait()
            await peer.say(OK)

    async with limited(connections=1) as client, serve(script) as server:
        tasks = [asyncio.create_task(client.request("GET", server.url)) for _ in range(4)]
        await asyncio.sleep(0)
        assert await cancelled(tasks[1])
        assert await cancelled(tasks[2])
        release.set()
        assert (await tasks[0]).body == (await tasks[3]).body == b"ok"
        assert server.accepted == 1


async def test_cancelled_while_it_connects_it_leaks_no_socket(limited):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())  # takes the only place in the queue
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        async with limited(connections=1) as client:
            tasks = [asyncio.create_task(client.request("GET", url)) for _ in range(2)]
            await asyncio.sleep(0.01)
            assert await cancelled(tasks[0])
            assert await cancelled(tasks[1])
            assert not client.open_connections


async def test_a_deadline_is_all_a_caller_needs(client, serve, say, eventually):
    async with serve(say()) as server:
        with pytest.raises(TimeoutError):
            async with fail_after(0.02):
                await client.request("GET", server.url)
        await eventually(lambda: not client.open_connections)


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nx: ", b"y"),
        (b"", b"HTTP/1.1 102 Working\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["header", "informational", "body"],
)
async def test_an_answer_that_trickles_in_wins_no_time(client, serve, eventually, begin, drop):
    async def script(peer):
        await peer.request()
        await peer.say(begin)
        while True:
            await peer.say(drop)
            await asyncio.sleep(0.005)

    async with serve(script) as server:
        for ask in (plainly, streaming):
            with pytest.raises(TimeoutError):
                async with fail_after(0.05):
                    await ask(client, server.url)
        await eventually(lambda: not client.open_connections)


async def plainly(client, url):
    await client.request("GET", url)


async def streaming(client, url):
    async with client.stream("GET", url) as reply:
        await reply.read()


async def test_a_hundred_callers_that_give_up_at_random_moments_leave_the_client_whole(serve):
    async def script(peer):
        while True:
            await peer.request()
            await asyncio.sleep(0)
            await peer.say(OK)

    async with HTTPClient() as client, serve(script) as server:
        tasks = [asyncio.create_task(client.request("GET", server.url)) for _ in range(300)]
        for turn, task in enumerate(tasks):
            if turn % 3:
                await asyncio.sleep(0)
                task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            assert isinstance(end, asyncio.CancelledError) or end.body == b"ok"
        assert all(not isinstance(end, asyncio.CancelledError) for end in ends[::3])
        assert (await client.request("GET", server.url)).body == b"ok"
