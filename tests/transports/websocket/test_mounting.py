"""WebSockets of an HTTPApp that somebody else's application holds."""

import asyncio

import pytest
from fastapi import FastAPI

from kitfox import Unauthenticated, Unavailable, Unimplemented
from kitfox.transports.http import HTTP, HTTPApp
from kitfox.transports.websocket import WebSocket, WebSocketConnection


@pytest.fixture
def holder(counter):
    """A FastAPI with our calls at /ours, and nothing else."""
    app = FastAPI()
    app.mount("/ours", HTTPApp(counter.routes(), websocket=WebSocket(), token="right"))
    return app


@pytest.fixture
def connected(counter):
    def connect(url, path="/ours/", token="right"):
        return WebSocketConnection(url.replace("http", "ws") + path, token=token)

    return connect


async def test_calls_come_through_another_application(holder, connected, counter):
    listener = HTTP(fallback=holder, websocket=WebSocket("/none"))
    async with listener.listen({}) as url, connected(url) as connection:
        client = type(counter).client(connection)
        assert await client.double(21) == 42
        assert [number async for number in client.count(100)] == list(range(100))


@pytest.mark.parametrize(
    ("path", "token", "error"),
    [("/ours/there", "right", Unimplemented), ("/ours/", "wrong", Unauthenticated)],
)
async def test_what_is_mounted_has_a_door_of_its_own(
    holder, connected, counter, path, token, error
):
    listener = HTTP(fallback=holder, websocket=WebSocket("/none"))
    async with listener.listen({}) as url, connected(url, path, token) as connection:
        with pytest.raises(error):
            await type(counter).client(connection).double(1)


async def test_a_call_ends_with_the_listener_that_holds_it(holder, connected, counter, eventually):
    listening = HTTP(fallback=holder, websocket=WebSocket("/none"), grace=0.1).listen({})
    url = await listening.__aenter__()
    async with connected(url) as connection:
        waiting = asyncio.create_task(type(counter).client(connection).wait())
        await eventually(lambda: counter.waiting)
        await listening.__aexit__(None, None, None)
        with pytest.raises(Unavailable, match="1012"):
            await waiting
        await eventually(lambda: not counter.waiting)
