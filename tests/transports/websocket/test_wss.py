"""WebSockets over TLS: what is negotiated, who the client is, and how it ends."""

import pytest
from websockets.asyncio.client import connect

from kitfox import Service, Unavailable, Unreachable, current_call, fail_after, rpc
from kitfox.net import TLS, TLSError
from kitfox.transports.http import HTTP
from kitfox.transports.websocket import WebSocket, WebSocketConnection


class Mirror(Service, name="test.Mirror"):
    """Tells callers about themselves."""

    @rpc
    async def who(self) -> str:
        """Return who the caller proved to be."""
        return current_call().identity


@pytest.fixture
async def url(issue):
    """Serve whoever has a certificate; gives the URL as `wss://…`."""
    seen = {"/who": tell_identity}
    tls = issue("127.0.0.1", asks=True)
    listener = HTTP(tls=tls, websocket=WebSocket("/rpc", handlers=seen))
    async with listener.listen(Mirror().routes()) as served:
        assert served.startswith("https://")
        yield served.replace("https", "wss")


async def tell_identity(socket):
    await socket.send(socket.identity)
    await socket.close(4000, "told")


async def test_who_would_rather_speak_http_2_is_served_in_http_1_1(url, issue):
    context = issue("browser.example").client_context("h2", "http/1.1")
    async with connect(f"{url}/who", ssl=context) as client:
        tls = client.transport.get_extra_info("ssl_object")
        assert tls.selected_alpn_protocol() == "http/1.1"
        assert await client.recv() == "browser.example"


async def test_closing_is_heard_over_tls(url, issue):
    context = issue("browser.example").client_context("http/1.1")
    async with connect(f"{url}/who", ssl=context) as client, fail_after(10):
        await client.recv()
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (4000, "told")


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_a_handler_knows_the_caller_by_its_certificate(url, issue, codec):
    tls = issue("grading.example")
    async with WebSocketConnection(f"{url}/rpc", tls=tls, codec=codec) as connection:
        assert await Mirror.client(connection).who() == "grading.example"


async def test_a_caller_without_a_certificate_is_not_let_in(url, tmp_path):
    tls = TLS(ca=tmp_path / "ca.pem")
    async with WebSocketConnection(f"{url}/rpc", tls=tls) as connection:
        with pytest.raises(Unavailable):
            await Mirror.client(connection).who()


async def test_a_server_that_nobody_vouches_for_is_not_spoken_to(url):
    async with WebSocketConnection(f"{url}/rpc") as connection:
        with pytest.raises(Unreachable, match="certificate"):
            await Mirror.client(connection).who()


async def test_a_client_that_speaks_no_tls_is_left(url):
    plain = url.replace("wss", "ws")
    async with WebSocketConnection(f"{plain}/rpc") as connection:
        with pytest.raises(Unreachable):
            await Mirror.client(connection).who()


def test_a_file_of_no_use_is_found_before_anybody_is_called(tmp_path):
    with pytest.raises(TLSError, match=r"no\.pem"):
        WebSocketConnection("wss://127.0.0.1", tls=TLS(ca=tmp_path / "no.pem"))
