"""kitfox in other applications, and other applications in kitfox."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from kitfox.net import Site, SiteReply
from kitfox.transports.http import HTTP, HTTPApp, HTTPConnection, HTTPLimits

JSON = [(b"content-type", b"application/json")]


def in_fastapi(app):
    outer = FastAPI()
    outer.mount("/rpc", app)
    return outer


def in_starlette(app):
    return Starlette(routes=[Mount("/rpc", app)])


def in_both(app):
    outer = FastAPI()
    outer.mount("/a", Starlette(routes=[Mount("/b", app)]))
    return outer


@pytest.mark.parametrize(
    ("mount", "below"), [(in_fastapi, "/rpc"), (in_starlette, "/rpc"), (in_both, "/a/b")]
)
async def test_methods_pages_and_routes_answer_below_a_mount(
    foreign, fetch, book, ledger, mount, below
):
    app = HTTPApp(book.routes(), routes={ledger.put: "PUT /entries/{id}"})
    async with (
        foreign(mount(app), lifespan="off") as url,
        HTTPConnection(url + below) as connection,
    ):
        client = ledger.client(connection)
        assert await client.get(1) == "entry 1"
        assert [item async for item in client.follow(2)] == [0, 1]
        put = await fetch(f"{url}{below}/entries/3", "PUT", headers=JSON, body=b'{"text":"t"}')
        assert put.body == b'{"value":"3=t"}'
        assert (await fetch(f"{url}{below}/livez")).body == b"ok\n"
        assert f"{below}/acme.v1.Ledger/Get".encode() in (await fetch(f"{url}{below}/docs")).body
        described = json.loads((await fetch(f"{url}{below}/openapi.json")).body)
        assert described["servers"] == [{"url": below}]
        missing = await fetch(f"{url}{below}/nowhere")
        assert (missing.status, missing.problem["code"]) == (404, "unimplemented")
        wrong = await fetch(f"{url}{below}/entries/3", "DELETE")
        assert (wrong.status, wrong.headers["allow"]) == (405, "PUT")


async def test_who_is_mounted_nowhere_names_no_server(serving, fetch, book):
    async with serving(book) as url:
        assert "servers" not in json.loads((await fetch(f"{url}/openapi.json")).body)


async def test_methods_answer_below_the_prefix_of_a_proxy(foreign, fetch, book):
    async with foreign(HTTPApp(book.routes()), lifespan="off", root_path="/api") as url:
        assert (await fetch(f"{url}/acme.v1.Ledger/Get?id=1")).status == 200
        assert (await fetch(f"{url}/acme.v1.Ledger%2FGet?id=1")).status == 404


async def test_a_site_is_found_below_a_mount_too(foreign, fetch):
    async def greet(request):
        return SiteReply(body=request.names["name"].encode())

    async with foreign(in_fastapi(Site({"GET /hello/{name}": greet})), lifespan="off") as url:
        assert (await fetch(f"{url}/rpc/hello/a%2Fb")).body == b"a/b"


async def hello(request):
    return PlainTextResponse(f"hello from {request.url.path}")


class Fallback:
    """A Starlette application that remembers its life."""

    def __init__(self, *, fails=False):
        self.life = []
        self.app = Starlette(routes=[Route("/hello", hello)], lifespan=self._live)
        self._fails = fails

    @asynccontextmanager
    async def _live(self, app):
        self.life.append("started")
        if self._fails:
            raise ValueError("no database")
        yield {"answer": 42}
        self.life.append("stopped")


async def test_a_fallback_answers_what_no_method_and_no_page_does(fetch, book):
    other = Fallback()
    async with HTTP(fallback=other.app).listen(book.routes()) as url:
        assert other.life == ["started"]
        assert (await fetch(f"{url}/hello")).body == b"hello from /hello"
        assert (await fetch(f"{url}/acme.v1.Ledger/Get?id=1")).status == 200
        assert (await fetch(f"{url}/livez")).body == b"ok\n"
        assert (await fetch(f"{url}/else")).body == b"Not Found"
        assert (await fetch(f"{url}/livez", "POST")).status == 405
    assert other.life == ["started", "stopped"]


async def test_a_fallback_that_does_not_start_is_an_error_and_the_process_lives(book, caplog):
    other = Fallback(fails=True)
    with pytest.raises(RuntimeError, match="the fallback application did not start"):
        async with HTTP(fallback=other.app).listen(book.routes()):
            pytest.fail("nothing listens")
    assert "no database" in caplog.text


async def test_a_fallback_without_a_life_span_serves(fetch, book):
    site = Site({"GET /hello": lambda _: asyncio.sleep(0, SiteReply(body=b"hi"))})
    async with HTTP(fallback=site).listen(book.routes()) as url:
        assert (await fetch(f"{url}/hello")).body == b"hi"


async def test_a_fallback_that_fails_is_hidden_and_the_server_goes_on(fetch, book, caplog):
    async def broken(scope, receive, send):
        raise ValueError("secret")

    caplog.set_level(logging.CRITICAL)
    async with HTTP(fallback=broken).listen(book.routes()) as url:
        answer = await fetch(f"{url}/x")
        assert (answer.status, b"secret" in answer.body) == (500, False)
        assert (await fetch(f"{url}/acme.v1.Ledger/Get?id=1")).status == 200


async def test_limits_on_headers_hold_for_the_fallback(fetch, book):
    other = Fallback()
    limits = HTTPLimits(header_count=5)
    async with HTTP(fallback=other.app, limits=limits).listen(book.routes()) as url:
        assert (await fetch(f"{url}/hello", headers=[(b"a", b"b")] * 9)).status == 431


class Socket:
    """A WebSocket that wants to connect, as an ASGI server shows it."""

    def __init__(self, **headers):
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.scope = {"type": "websocket", "path": "/ws", "headers": fields}
        self.sent = []

    async def receive(self):
        return {"type": "websocket.connect"}

    async def send(self, event):
        self.sent.append(event["type"])


async def accept(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})


@pytest.mark.parametrize(
    ("options", "headers", "outcome"),
    [
        ({"fallback": accept}, {}, "websocket.accept"),
        ({"fallback": accept, "token": "t"}, {"authorization": "Bearer t"}, "websocket.accept"),
        ({"fallback": accept, "token": "t"}, {"authorization": "Bearer u"}, "websocket.close"),
        ({"fallback": accept, "token": "t"}, {}, "websocket.close"),
        ({}, {}, "websocket.close"),
    ],
)
async def test_a_websocket_goes_to_the_fallback_past_the_token(book, options, headers, outcome):
    socket = Socket(**headers)
    await HTTPApp(book.routes(), **options)(socket.scope, socket.receive, socket.send)
    assert socket.sent == [outcome]


async def test_an_application_without_a_fallback_has_no_life_span(book):
    with pytest.raises(RuntimeError, match="HTTP only, not lifespan"):
        await HTTPApp(book.routes())({"type": "lifespan"}, None, None)


async def test_kitfox_may_be_the_fallback_of_kitfox(fetch, book):
    inner = HTTPApp(book.routes(), title="inner")
    async with HTTP(fallback=inner).listen({}) as url:
        assert (await fetch(f"{url}/acme.v1.Ledger/Get?id=1")).status == 200
