"""Plain handlers beside a service: what becomes of them when their client leaves."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from kitfox.core import Cancelled
from kitfox.net import HTTPClient, Site, SiteReply, address_of, bind
from kitfox.scope import current_scope, fail_after, to_thread
from kitfox.transports.http import HTTP

GET = b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n"
POST = b"POST /slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nfox"


class Slow:
    """A site whose handler waits by what it was made with, and says how it ended."""

    def __init__(self, wait):
        self._wait = wait
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self.site = Site({"GET /slow": self._handle, "POST /slow": self._handle})

    async def _handle(self, request):
        self.scope = current_scope()
        self.begun.set()
        try:
            await self._wait()
        finally:
            self.ended.set()
        return SiteReply(body=b"done")


@pytest.fixture(params=["own", "foreign"])
def on(request, foreign):
    """Serve a site on our own server, and on one that knows nothing of kitfox."""

    @asynccontextmanager
    async def serve(site):
        own = HTTP(":0", fallback=site).listen({})
        server = own if request.param == "own" else foreign(site, lifespan="off")
        async with fail_after(20), server as url:
            yield url

    return serve


@pytest.mark.parametrize("ask", [GET, POST])
async def test_a_client_that_leaves_cancels_its_handler(on, wire, ask, caplog):
    slow = Slow(asyncio.Event().wait)
    async with on(slow.site) as url, wire(url) as client:
        client.send(ask)
        await slow.begun.wait()
        client.leave()
        await slow.ended.wait()
        await slow.scope.done
    assert isinstance(slow.scope.cause, Cancelled)
    assert str(slow.scope.cause) == "the caller has left"
    assert caplog.records == []


async def test_a_request_that_its_handler_makes_is_given_up_with_it(on, wire):
    asked, left = asyncio.Event(), asyncio.Event()

    async def elsewhere(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        left.set()
        writer.close()

    with bind(":0") as listening:
        server = await asyncio.start_server(elsewhere, sock=listening)
        async with server, HTTPClient() as http:
            far = f"http://{address_of(listening)}/"
            async with on(Slow(lambda: http.request("GET", far)).site) as url, wire(url) as client:
                client.send(GET)
                await asked.wait()
                client.leave()
                await left.wait()


async def test_a_thread_of_a_handler_learns_that_the_client_has_left(on, wire):
    slow = Slow(lambda: to_thread(current_scope().done.wait))
    async with on(slow.site) as url, wire(url) as client:
        client.send(GET)
        await slow.begun.wait()
        client.leave()
        await slow.ended.wait()


async def test_what_a_handler_frees_outlives_its_client(on, wire):
    go_on, freed = asyncio.Event(), []

    async def audit():
        await go_on.wait()
        return current_scope().err

    async def leave_something_to_do():
        freed.append(current_scope().without_cancel().start(audit))
        await asyncio.Event().wait()

    slow = Slow(leave_something_to_do)
    async with on(slow.site) as url, wire(url) as client:
        client.send(GET)
        await slow.begun.wait()
        client.leave()
        await slow.ended.wait()
        go_on.set()
        assert await freed[0] is None


async def test_clients_that_stay_are_answered_one_after_the_other(on, wire):
    go_on = asyncio.Event()
    slow = Slow(go_on.wait)
    async with on(slow.site) as url, wire(url) as client:
        client.send(POST)
        await slow.begun.wait()
        go_on.set()
        assert (await client.answer()).body == b"done"
        for ask in (GET, POST, GET + POST):  # the last two at once
            client.send(ask)
            assert (await client.answer()).body == b"done"
        assert (await client.answer()).body == b"done"
        assert slow.scope.err is not None, "it ends with its handler"
