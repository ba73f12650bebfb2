"""The client and the server that kitfox ships on, over a socket that `bind` opened."""

import asyncio
from contextlib import asynccontextmanager

import uvicorn

from kitfox.net import HTTPClient, address_of, bind
from kitfox.scope import fail_after


async def app(scope, receive, send):
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"b")]})
    await send({"type": "http.response.body", "body": scope["method"].encode(), "more_body": True})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def _serving(keep_alive=5):
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, ws="none", timeout_keep_alive=keep_alive
    )
    server = uvicorn.Server(config)
    with bind(":0") as listening:
        address = address_of(listening)
        server.install_signal_handlers = lambda: None
        task = asyncio.create_task(server._serve(sockets=[listening]))  # noqa: SLF001 - no signals
        try:
            async with fail_after(20):
                yield f"http://{address}"
        finally:
            server.should_exit = True
            await task


async def test_requests_of_all_kinds_are_answered():
    async def pieces():
        for piece in (b"a", b"b", b"c"):
            yield piece

    async with _serving() as url, HTTPClient() as client:
        assert (await client.request("GET", url)).body == b"GET"
        reply = await client.request("POST", url + "/x?y=z", body=b"body")
        assert reply.body == b"POSTbody"
        assert (b"x-a", b"b") in reply.headers
        assert (await client.request("HEAD", url)).body == b""
        async with client.stream("PUT", url, body=pieces()) as stream:
            assert await stream.read() == b"PUTabc"
        assert client.open_connections == 1


async def test_a_large_body_goes_there_and_back():
    body = bytes(range(256)) * 12_000
    async with _serving() as url, HTTPClient() as client:
        assert (await client.request("POST", url, body=body)).body == b"POST" + body


async def test_a_thousand_requests_at_once_are_answered():
    async with _serving() as url, HTTPClient() as client:
        replies = await asyncio.gather(
            *[client.request("POST", url, body=b"%d" % number) for number in range(1000)]
        )
        assert [reply.body for reply in replies] == [b"POST%d" % number for number in range(1000)]
        assert client.open_connections <= 100


async def test_no_request_fails_however_short_the_server_keeps_connections(eventually):
    async with _serving(keep_alive=0) as url, HTTPClient() as client:
        for _ in range(50):
            assert (await client.request("POST", url, body=b"x", idempotent=True)).status == 200
            await asyncio.sleep(0)
