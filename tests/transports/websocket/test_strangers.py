"""Who may open a WebSocket, and who is told why not."""

import asyncio
import base64

import pytest

from kitfox.transports.http import HTTP


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("origin: https://evil.example", 403),
        ("sec-fetch-site: cross-site", 403),
        ("origin: null", 403),
    ],
)
async def test_another_site_s_page_opens_no_websocket(serving, raw, header, status):
    async with serving() as url, raw(f"{url}/echo", header) as client:
        assert client.status == status
        assert client.headers["content-type"] == "application/problem+json"


async def test_a_page_of_the_same_site_opens_a_websocket(serving, raw):
    async with serving() as url, raw(f"{url}/echo", f"origin: http{url[2:]}") as client:
        assert client.status == 101


async def test_a_name_that_is_not_this_machine_s_opens_no_websocket(serving, raw):
    async with serving() as url, raw(url, shake=False) as client:
        await client.shake("ws://rebound.example/echo")
        assert client.status == 421


def bearer(token):
    return "kitfox.bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 401),
        (("authorization: Bearer wrong",), 401),
        (("authorization: Bearer the secret ~",), 101),
        ((f"sec-websocket-protocol: {bearer('wrong')}",), 401),
        (("sec-websocket-protocol: kitfox.bearer.!",), 401),
        ((f"sec-websocket-protocol: {bearer('the secret ~')}",), 101),
    ],
)
async def test_a_token_is_shown_in_a_header_or_among_the_subprotocols(
    serving, raw, headers, status
):
    http = {"token": "the secret ~"}
    async with serving(http=http) as url, raw(f"{url}/echo", *headers) as client:
        assert client.status == status
        assert "sec-websocket-protocol" not in client.headers


async def test_a_handler_is_offered_no_token_to_choose(serving, raw):
    offered = asyncio.get_running_loop().create_future()

    async def look(socket):
        offered.set_result(socket.subprotocols)

    offer = f"sec-websocket-protocol: chat, {bearer('right')}"
    listening = serving(http={"token": "right"}, handlers={"/look": look})
    async with listening as url, raw(f"{url}/look", offer) as client:
        assert client.status == 101
        assert await offered == ["chat"]


async def test_there_is_no_websocket_where_nobody_serves_one(serving, raw):
    async with serving() as url, raw(f"{url}/nothing") as client:
        assert client.status == 404


async def test_a_key_that_is_none_is_refused(serving, raw):
    async with serving() as url, raw(url, shake=False) as client:
        await client.shake(f"{url}/echo", key="short")
        assert client.status == 400


async def test_headers_of_no_concern_may_be_long(serving, raw):
    cookie = f"cookie: {'x' * 20_000}"
    async with serving() as url, raw(f"{url}/echo", cookie) as client:
        assert client.status == 101


async def test_an_http_port_without_websockets_answers_as_http(counter, raw):
    async with HTTP().listen(counter.routes()) as url, raw(url) as client:
        assert client.status == 404
