"""WebSockets over TLS, in Chromium: the server decides which HTTP they begin in."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import trustme

from kitfox import Service, fail_after, rpc
from kitfox.net import TLS, Site, SiteReply
from kitfox.transports.http import HTTP
from kitfox.transports.http.hypercorn import HTTP2
from kitfox.transports.websocket import WebSocket

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("wss")]


class Counter(Service, name="test.Counter"):
    """Counts."""

    @rpc
    async def sums(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        """Tell the sum so far, after each number."""
        total = 0
        async for number in numbers:
            total += number
            yield total


async def blank(_):
    return SiteReply(200, b"<!doctype html><title>A page</title>", "text/html; charset=utf-8")


PAGE = Site({"GET /page": blank})


async def application(scope, receive, send):
    """A page; and WebSockets that say which version of HTTP they came over."""
    if scope["type"] != "websocket":
        await PAGE(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": scope["http_version"]})
    await send({"type": "websocket.close"})


@pytest.fixture
def tls(tmp_path):
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(file := tmp_path / "server.pem")
    return TLS(certificate=file)


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser):
    """A page that trusts everybody, as this authority is not in the system's list."""
    context = await browser.new_context(ignore_https_errors=True)
    yield await context.new_page()
    await context.close()


SPEAK = """async () => {
    const { connect } = await import("/kitfox.js");
    const connection = connect("/");
    const sums = [];
    const numbers = Array.from({ length: 40 }, (_, value) => ({ value }));
    for await (const { value } of connection.stream("/test.Counter/Sums", numbers)) {
        sums.push(value);
    }
    const version = await new Promise((resolve, reject) => {
        const socket = new WebSocket(new URL("/version", location.href.replace("http", "ws")));
        socket.onmessage = (event) => resolve(event.data);
        socket.onerror = reject;
    });
    const [{ nextHopProtocol }] = performance.getEntriesByType("navigation");
    connection.close();
    return [nextHopProtocol, version, sums.length, sums.at(-1)];
}"""


@pytest.mark.parametrize(
    ("listener", "page_over", "websocket_over"), [(HTTP, "http/1.1", "1.1"), (HTTP2, "h2", "2")]
)
async def test_a_page_and_its_websockets_share_a_protocol(
    page, tls, listener, page_over, websocket_over
):
    listening = listener(tls=tls, websocket=WebSocket(), fallback=application)
    async with fail_after(60), listening.listen(Counter().routes()) as url:
        await page.goto(f"{url}/page")
        spoken = await page.evaluate(SPEAK)
    assert spoken == [page_over, websocket_over, 40, sum(range(40))]
