"""A few plain routes: what they are given, and what strangers are told."""

import asyncio
import json
import logging
from dataclasses import replace
from urllib.parse import unquote

import pytest

from kitfox.net import Site, SiteReply
from kitfox.scope import Key, current_scope, fail_after

TENANT = Key[str]("tenant")


class Asked:
    """One request to an ASGI application, and what came of it."""

    def __init__(self, verb, path, *, body=b"", query=b"", headers=(), raw=None, gone=False):
        self.scope = {
            "type": "http",
            "method": verb,
            "path": path,
            "raw_path": (raw or path).encode(),
            "query_string": query,
            "headers": list(headers),
            "client": ("192.0.2.7", 5),
        }
        self._events = [] if gone else [{"type": "http.request", "body": body}]
        self._leaving = asyncio.Event()
        if gone:
            self.leave()
        self.events = []

    async def receive(self):
        if not self._events:
            await self._leaving.wait()
        return self._events.pop(0) if self._events else {"type": "http.disconnect"}

    def leave(self):
        self._leaving.set()

    async def send(self, event):
        self.events.append(event)

    async def of(self, site):
        await site(self.scope, self.receive, self.send)
        return self

    @property
    def status(self):
        return self.events[0]["status"]

    @property
    def headers(self):
        return dict(self.events[0]["headers"])

    @property
    def body(self):
        return self.events[1]["body"]


async def echo(request):
    told = {
        "verb": request.verb,
        "names": request.names,
        "query": request.query,
        "headers": request.headers,
        "body": request.body.decode(),
        "client": request.client,
    }
    return SiteReply(201, json.dumps(told).encode(), "application/json", {"x-a": "b"})


@pytest.fixture
def site():
    return Site({"POST /echo/{name}": echo, "GET /echo/{name}": echo}, body_limit=10)


async def test_a_handler_is_given_the_whole_request_and_answers_in_full(site):
    asked = await Asked(
        "POST",
        "/echo/ann",
        body=b"hello",
        query=b"a=1&b=&a=2&c=%C3%A4",
        headers=[(b"x-y", b"z")],
    ).of(site)
    assert asked.status == 201
    assert asked.headers == {
        b"content-type": b"application/json",
        b"x-a": b"b",
        b"content-length": b"%d" % len(asked.body),
    }
    assert json.loads(asked.body) == {
        "verb": "POST",
        "names": {"name": "ann"},
        "query": {"a": "2", "b": "", "c": "ä"},
        "headers": {"x-y": "z"},
        "body": "hello",
        "client": "192.0.2.7",
    }


async def test_unknown_paths_and_wrong_verbs_are_told_apart(site):
    assert (await Asked("GET", "/none").of(site)).status == 404
    wrong = await Asked("DELETE", "/echo/x").of(site)
    assert (wrong.status, wrong.headers[b"allow"]) == (405, b"GET, HEAD, POST")


@pytest.mark.parametrize("raw", ["/echo/%ff", "/echo/a%00b"])
async def test_a_path_that_is_no_text_is_refused(site, raw):
    asked = await Asked("GET", unquote(raw), raw=raw).of(site)
    assert asked.status == 400
    assert b"path" in asked.body


@pytest.mark.parametrize(
    "raw", ["/echo/../x", "/echo/%2e%2e/x", "/./echo/x", "//echo/x", "/echo//x"]
)
async def test_a_path_is_taken_as_it_stands(site, raw):
    assert (await Asked("GET", unquote(raw), raw=raw).of(site)).status == 404


async def test_a_slash_within_a_segment_separates_nothing(site):
    asked = await Asked("GET", "/echo/a/b", raw="/echo/a%2Fb").of(site)
    assert json.loads(asked.body)["names"] == {"name": "a/b"}


@pytest.mark.parametrize(
    "headers",
    [
        [(b"sec-fetch-site", b"cross-site")],
        [(b"origin", b"https://evil.test"), (b"host", b"127.0.0.1")],
    ],
)
async def test_what_a_page_of_another_site_sends_is_refused_and_what_it_links_to_is_not(
    site, headers
):
    asked = await Asked("POST", "/echo/x", headers=headers).of(site)
    assert asked.status == 403
    assert b"this comes from another site" in asked.body
    assert (await Asked("GET", "/echo/x", headers=headers).of(site)).status == 201


async def test_a_body_over_the_limit_is_refused(site):
    assert (await Asked("POST", "/echo/x", body=b"x" * 10).of(site)).status == 201
    assert (await Asked("POST", "/echo/x", body=b"x" * 11).of(site)).status == 413


async def test_a_body_that_does_not_come_is_given_up():
    site = Site({"POST /": echo}, body_timeout=0.01)
    asked = Asked("POST", "/")
    asked.receive = asyncio.get_running_loop().create_future  # told nothing, ever
    await asked.of(site)
    assert (asked.status, asked.headers[b"connection"]) == (408, b"close")


async def test_a_client_that_left_is_told_nothing(site):
    assert (await Asked("POST", "/echo/x", gone=True).of(site)).events == []


async def test_a_handler_ends_with_its_scope_when_its_client_leaves():
    scopes, ended = [], asyncio.Event()

    async def wait(request):
        scopes.append(current_scope())
        asked.leave()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    asked = Asked("GET", "/")
    async with fail_after(10):
        await asked.of(Site({"GET /": wait}))
    assert asked.events == []
    assert ended.is_set()
    assert str(scopes[0].cause) == "the caller has left"


async def test_who_hands_a_request_over_again_and_again_is_not_asked_for_ever():
    async def pause(request):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return SiteReply()

    async def again():
        handed_over.append(len(handed_over))
        kind = "http.request" if len(handed_over) < 100 else "http.disconnect"
        return {"type": kind, "body": b""}

    asked, handed_over = Asked("GET", "/"), []
    asked.receive = again
    assert (await asked.of(Site({"GET /": pause}))).status == 200
    assert handed_over == [0, 1, 2]


async def test_a_handler_that_is_cancelled_by_its_server_is_no_client_that_left():
    begun = asyncio.Event()

    async def wait(request):
        begun.set()
        await asyncio.Event().wait()

    serving = asyncio.create_task(Asked("GET", "/").of(Site({"GET /": wait})))
    await begun.wait()
    serving.cancel()
    await asyncio.wait([serving])
    assert serving.cancelled()


async def test_a_scope_that_a_handler_ends_itself_is_a_failure_like_any_other(caplog):
    async def fail(request):
        scope = current_scope().with_cancel()
        scope.cancel()
        async with scope:
            await asyncio.Event().wait()

    async with fail_after(10):
        assert (await Asked("GET", "/").of(Site({"GET /": fail}))).status == 500
    assert "ScopeCancelled" in caplog.text


async def test_what_is_in_force_around_a_site_is_in_force_in_its_handlers():
    async def tell(request):
        return SiteReply(body=current_scope().value(TENANT).encode())

    async with current_scope().with_value(TENANT, "acme"):
        assert (await Asked("GET", "/").of(Site({"GET /": tell}))).body == b"acme"


async def test_a_handler_that_fails_is_logged_whole_and_hidden(caplog):
    async def fail(request):
        raise ValueError("secret")

    caplog.set_level(logging.ERROR)
    asked = await Asked("GET", "/").of(Site({"GET /": fail}))
    assert (asked.status, asked.body) == (500, b"internal error\n")
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        SiteReply(headers={"location": "/a\r\nset-cookie: b=c"}),
        SiteReply(headers={"location": "/a\nb"}),
        SiteReply(headers={"location": "/a\0"}),
        SiteReply(headers={"location": "/\u2028"}),
        SiteReply(headers={"a: b\r\nc": "d"}),
        SiteReply(headers={"": "d"}),
        SiteReply(headers={"Content-Length": "7"}),
        SiteReply(headers={"transfer-encoding": "chunked"}),
        SiteReply(content_type="text/html\r\nx: y"),
    ],
)
async def test_a_header_that_would_begin_another_or_end_the_head_is_not_sent(answer, caplog):
    async def split(request):
        return answer

    asked = await Asked("GET", "/").of(Site({"GET /": split}))
    assert (asked.status, asked.body) == (500, b"internal error\n")
    assert set(asked.headers) == {b"content-type", b"content-length"}
    assert "header" in caplog.text


async def test_a_sites_own_answers_can_be_dressed_and_its_handlers_are_not():
    async def missing(request):
        return SiteReply(404, b"no such user")

    async def fail(request):
        raise ValueError

    def page(plain):
        return replace(plain, body=b"<p>" + plain.body, content_type="text/html")

    site = Site({"GET /missing": missing, "GET /fail": fail}, body_limit=1, refusal=page)
    for verb, path, status in (
        ("GET", "/none", 404),
        ("GET", "/%ff", 400),
        ("POST", "/fail", 405),
        ("GET", "/fail", 500),
    ):
        asked = await Asked(verb, unquote(path), raw=path).of(site)
        assert (asked.status, asked.headers[b"content-type"]) == (status, b"text/html")
        assert asked.body.startswith(b"<p>")
        assert (b"allow" in asked.headers) == (status == 405)
    assert (await Asked("GET", "/missing").of(site)).body == b"no such user"


async def test_a_site_is_for_http_only(site):
    with pytest.raises(RuntimeError, match="HTTP only, not websocket"):
        await site({"type": "websocket"}, None, None)


def test_a_site_refuses_routes_that_clash_or_are_malformed():
    with pytest.raises(ValueError, match="two targets"):
        Site({"GET /{a}": echo, "GET /{b}": echo})
    with pytest.raises(ValueError, match="start with '/'"):
        Site({"GET": echo})
