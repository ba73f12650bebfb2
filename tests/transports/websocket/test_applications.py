"""WebSockets of the fallback, which is anybody's ASGI application."""

import asyncio
import logging

import pytest
from fastapi import FastAPI, WebSocket as FastAPIWebSocket

from kitfox import fail_after

TEXT, CLOSE = 1, 8


def fastapi():
    app = FastAPI()

    @app.websocket("/theirs")
    async def theirs(socket: FastAPIWebSocket):
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text.upper())

    return app


async def test_a_fallback_has_the_websockets_that_are_nobody_else_s(serving, raw):
    async with serving(http={"fallback": fastapi()}) as url:
        async with raw(f"{url}/theirs") as client:
            client.send(TEXT, b"fox")
            assert await client.read() == (TEXT, b"FOX")
            client.send(CLOSE, b"\x03\xe8")
            assert await client.closing() == 1000
        async with raw(f"{url}/not-theirs") as client:
            assert client.status == 403


async def test_an_application_that_fails_is_logged_and_closes_with_1011(serving, raw, caplog):
    async def broken(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        await receive()
        await send({"type": "websocket.accept"})
        raise LookupError("broken fox")

    caplog.set_level(logging.ERROR, "kitfox")
    async with serving(http={"fallback": broken}) as url, raw(f"{url}/x") as client:
        assert await client.closing() == 1011
    assert "broken fox" in caplog.text


@pytest.mark.parametrize(("error", "status"), [(None, 503), (LookupError, 500)])
async def test_an_application_that_does_not_decide_is_answered_for(serving, raw, error, status):
    async def undecided(scope, receive, send):
        if error is not None and scope["type"] == "websocket":
            raise error

    async with serving(http={"fallback": undecided}) as url, raw(f"{url}/x") as client:
        assert client.status == status


@pytest.mark.parametrize("late", ["accept", "close"])
async def test_a_client_that_leaves_before_its_answer_is_no_error(serving, raw, late, caplog):
    left = asyncio.get_running_loop().create_future()

    async def slow(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        assert (await receive())["type"] == "websocket.connect"
        assert (await receive())["type"] == "websocket.disconnect"
        try:
            await send({"type": f"websocket.{late}"})
        finally:
            left.set_result(None)

    async with serving(http={"fallback": slow}) as url, raw(url, shake=False) as client:
        shaking = asyncio.create_task(client.shake(f"{url}/x"))
        await asyncio.sleep(0)
        client.writer.write_eof()
        async with fail_after(10):
            await left
        with pytest.raises(asyncio.IncompleteReadError):
            await shaking
    assert caplog.text == ""
