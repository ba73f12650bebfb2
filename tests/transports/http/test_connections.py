"""How connections begin, are kept and end: how many there are, how long they idle, the drain."""

import asyncio
import logging

import pytest

from kitfox import Unavailable, current_deadline
from kitfox.net import HTTPClient
from kitfox.transports.http import HTTP, HTTPApp, HTTPConnection, HTTPLimits

GET = b"GET /acme.v1.Ledger/Get?id=1 HTTP/1.1\r\nhost: localhost\r\n\r\n"
WAIT = b"GET /acme.v1.Ledger/Wait HTTP/1.1\r\nhost: localhost\r\n\r\n"


async def test_one_connection_too_many_is_told_so_and_the_others_go_on(serving, book, wire):
    async with (
        serving(book, limits=HTTPLimits(connections=2)) as url,
        wire(url) as first,
        wire(url) as second,
    ):
        for client in (first, second):
            client.send(GET)
            assert (await client.answer()).status == 200
        async with wire(url) as third:
            third.send(GET)
            answer = await third.answer()
            assert (answer.status, answer.problem["code"]) == (503, "unavailable")
            assert await third.rest() == b""
        first.send(GET)
        assert (await first.answer()).status == 200


async def test_a_place_that_is_left_is_free_again(serving, book, wire, eventually):
    async with serving(book, limits=HTTPLimits(connections=1)) as url:
        for _ in range(3):
            async with wire(url) as client:
                client.send(GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
                assert (await client.answer()).status == 200
                assert await client.rest() == b""


@pytest.mark.parametrize("sent", [b"", b"\r\n", GET])
async def test_an_idle_connection_is_closed_whether_it_ever_sent_a_request(
    serving, book, wire, sent
):
    async with serving(book, limits=HTTPLimits(idle=0.05)) as url, wire(url) as client:
        client.send(sent)
        if sent == GET:
            assert (await client.answer()).status == 200
        assert await client.rest() == b""


async def test_a_handler_may_take_longer_than_a_connection_may_idle(serving, book, wire):
    async with serving(book, limits=HTTPLimits(idle=0.02)) as url, wire(url) as client:
        client.send(WAIT.replace(b"\r\n\r\n", b"\r\nconnect-timeout-ms: 200\r\n\r\n"))
        assert (await client.answer()).status == 504


async def test_a_client_that_leaves_cancels_its_handler(serving, book, wire, eventually):
    async with serving(book) as url:
        async with wire(url) as client:
            client.send(WAIT)
            await eventually(lambda: book.waiting)
            client.leave()
            await eventually(lambda: book.cancelled)
        assert book.waiting == 0


async def test_handlers_are_cancelled_on_foreign_servers_too(foreign, book, wire, eventually):
    for request in (WAIT, WAIT.replace(b"Wait ", b"Follow?count=1000000 ")):
        async with foreign(HTTPApp(book.routes()), lifespan="off") as url, wire(url) as client:
            client.send(request)
            if request == WAIT:
                await eventually(lambda: book.waiting)
            client.leave()
            await eventually(lambda: not book.waiting)
    assert book.cancelled == 1


async def test_a_handler_that_ends_as_its_client_leaves_logs_nothing(serving, book, wire, caplog):
    caplog.set_level(logging.WARNING)
    async with serving(book) as url:
        for _ in range(20):
            async with wire(url) as client:
                client.send(GET)
                client.leave()
    assert caplog.records == []


class Drained:
    """A listener that a test stops while calls run."""

    def __init__(self, book, **options):
        self._listener = HTTP(**options)
        self._routes = book.routes()
        self._stop = asyncio.Event()
        self.url = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._run())

    async def _run(self):
        async with self._listener.listen(self._routes) as url:
            self.url.set_result(url)
            await self._stop.wait()

    def stop(self):
        self._stop.set()


async def test_a_drain_lets_a_call_end_and_closes_its_connection(book, wire):
    server = Drained(book, grace=10.0)
    async with wire(await server.url) as client, wire(await server.url) as idle:
        idle.send(GET)
        assert (await idle.answer()).status == 200
        client.send(WAIT.replace(b"\r\n\r\n", b"\r\nconnect-timeout-ms: 500\r\n\r\n"))
        while not book.waiting:
            await asyncio.sleep(0)
        server.stop()
        assert await idle.rest() == b""
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (504, "close")
        assert await client.rest() == b""
    await server.task


async def test_a_call_that_outlives_the_grace_is_told_that_the_server_stops(book, wire):
    server = Drained(book, grace=0.1)
    async with wire(await server.url) as client:
        client.send(WAIT)
        while not book.waiting:
            await asyncio.sleep(0)
        server.stop()
        answer = await client.answer()
        assert (answer.status, answer.problem["code"]) == (503, "unavailable")
    await server.task
    assert book.cancelled == 1


async def test_a_connection_whose_answer_began_before_the_stop_takes_one_more_request(book, wire):
    end = asyncio.Event()

    async def slowly(scope, receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one\n\n", "more_body": True})
        await end.wait()
        await send({"type": "http.response.body", "body": b"two"})

    server = Drained(book, grace=10.0, fallback=slowly)
    async with wire(await server.url) as client, wire(await server.url) as idle:
        idle.send(GET)
        assert (await idle.answer()).status == 200
        client.send(b"GET /slowly HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await client.event()
        server.stop()
        assert await idle.rest() == b""  # all have been told
        end.set()
        await client.last_chunk()  # its head could not say yet that the connection would end
        client.send(GET)
        assert (await client.answer()).headers["connection"] == "close"
        assert await client.rest() == b""
    await server.task


async def test_streams_end_at_once_when_the_server_stops(book, ledger):
    server = Drained(book, grace=10.0)
    async with HTTPConnection(await server.url) as connection:
        stream = ledger.client(connection).wait_on()
        assert await anext(stream) == 1
        server.stop()
        with pytest.raises(Unavailable) as told:
            await anext(stream)
        assert told.value.details["reason"] == "stopping"
    await server.task
    assert book.cancelled == 1


async def test_nothing_answers_where_a_listener_was(book, ledger):
    server = Drained(book)
    url = await server.url
    server.stop()
    await server.task
    async with HTTPConnection(url) as connection:
        with pytest.raises(Unavailable, match="cannot connect"):
            await ledger.client(connection).get(1)


async def test_a_unix_socket_serves_who_dials_its_url(book, ledger, tmp_path):
    path = tmp_path / "kitfox.sock"
    async with HTTP(f"unix:{path}").listen(book.routes()) as url:
        assert url.startswith("http+unix://%2F")
        async with HTTPConnection(url) as connection:
            assert await ledger.client(connection).get(5) == "entry 5"


async def test_an_address_of_version_6_is_served_and_dialled(book, ledger):
    async with (
        HTTP("[::1]:0").listen(book.routes()) as url,
        HTTPConnection(url) as connection,
    ):
        assert url.startswith("http://[::1]:")
        assert await ledger.client(connection).get(5) == "entry 5"


async def test_a_deadline_around_the_listener_does_not_bind_calls(book, ledger, serving):
    seen = []

    class Asked(type(book)):
        async def get(self, id: int) -> str:
            seen.append(current_deadline())
            return ""

    async with serving(Asked()) as url, HTTPClient() as client:
        assert (await client.request("GET", f"{url}/acme.v1.Ledger/Get?id=1")).status == 200
    assert seen == [None]
