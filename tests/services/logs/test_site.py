"""What the log service answers over HTTP, beside its methods."""

import asyncio
import re
import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from kitfox.net import HTTPClient
from kitfox.scope import current_scope, fail_after
from kitfox.services.logs import Logs, LogService, LogSettings, Query
from kitfox.services.logs._site import log_site
from kitfox.transports.http import HTTP, HTTPConnection


@pytest.fixture
def site(tmp_path):
    """Return what serves a log over HTTP and yields a sender of requests and a client."""

    @asynccontextmanager
    async def serve(**settings):
        settings = LogSettings(directory=str(tmp_path), **settings)
        async with LogService(settings) as service, HTTPClient() as client:
            listener = HTTP(":0", fallback=service.asgi(), grace=0)
            async with listener.listen(service.routes()) as url:

                async def send(method, path, body=b"", headers=()):
                    return await client.request(method, url + path, headers=headers, body=body)

                async with HTTPConnection(url) as connection:
                    yield send, Logs.client(connection)

    return serve


@pytest.mark.parametrize("path", ["/log", "/v1/entries"])
async def test_a_page_in_a_browser_writes_nothing(site, path):
    async with site() as (send, logs):
        page = [(b"origin", b"https://evil.test")]
        assert (await send("POST", path, b'{"message":"m"}', page)).status == 403
        assert (await logs.query(Query())).entries == ()


async def test_a_text_is_an_entry_and_a_line_of_the_file(site, tmp_path):
    async with site() as (send, logs):
        reply = await send("POST", "/log", b"[GradingService] - stored\n")
        assert (reply.status, reply.body) == (200, b"")
        (entry,) = (await logs.query(Query())).entries
        assert (entry.service, entry.message, entry.level) == ("GradingService", "stored", 9)
    line = (tmp_path / "distributed.log").read_text()
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[GradingService\] - stored\n", line)


async def test_a_text_of_many_lines_forges_none(site, tmp_path):
    async with site() as (send, logs):
        await send("POST", "/log", b"first\n2026/11/22 00:00:00 [Portal] - forged\n")
        (entry,) = (await logs.query(Query())).entries
        assert entry.message == "first\n2026/11/22 00:00:00 [Portal] - forged"
    assert (tmp_path / "distributed.log").read_text().count("\n") == 1


async def test_a_text_whose_sender_leaves_meanwhile_is_stored_whole(tmp_path):
    begun, stored = asyncio.Event(), []

    async def append(text):
        begun.set()
        await current_scope().done  # the sender has left
        await asyncio.sleep(0)
        stored.append(text)

    settings = LogSettings(directory=str(tmp_path))
    listener = HTTP(":0", fallback=log_site(append, append, settings, time.time))
    async with fail_after(20):
        async with listener.listen({}) as url:
            _, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
            writer.write(b"POST /log HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nfox")
            await begun.wait()
            writer.transport.abort()
        assert stored == ["fox"]


async def test_an_empty_text_is_refused(site):
    async with site() as (send, _):
        assert (await send("POST", "/log")).status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_refused_with_the_right_one(site, method):
    async with site() as (send, _):
        reply = await send(method, "/log", b"x")
        assert reply.status == 405
        assert (b"allow", b"POST") in reply.headers


async def test_a_text_over_the_limit_is_refused_and_not_stored(site):
    async with site(text_bytes=1024) as (send, logs):
        assert (await send("POST", "/log", b"x" * 1025)).status == 413
        assert (await send("POST", "/log", b"x" * 1024)).status == 200
        assert len((await logs.query(Query())).entries) == 1


async def test_entries_come_as_json_lines(site):
    async with site() as (send, logs):
        lines = [msgspec.json.encode({"time": n, "message": str(n)}) for n in range(3)]
        reply = await send("POST", "/v1/entries", b"\n".join(lines))
        assert (reply.status, reply.body) == (200, b'{"stored":3}')
        assert [e.message for e in (await logs.query(Query())).entries] == ["2", "1", "0"]


async def test_a_wrong_line_is_told_and_none_is_stored(site):
    async with site() as (send, logs):
        reply = await send("POST", "/v1/entries", b'{"message":"right"}\n{"message":7}')
        assert reply.status == 400
        assert reply.body == b"line 2, field message: Expected `str`, got `int`\n"
        assert (await logs.query(Query())).entries == ()


async def test_a_body_over_the_limit_is_refused(site):
    async with site(body_bytes=2048) as (send, _):
        assert (await send("POST", "/v1/entries", b" " * 2049)).status == 413


async def test_an_unknown_path_is_not_found(site):
    async with site() as (send, _):
        assert (await send("POST", "/nowhere", b"x")).status == 404


async def test_a_log_that_cannot_be_written_says_so(site, tmp_path):
    async with site() as (send, _):
        (tmp_path / "distributed.log").mkdir()
        assert (await send("POST", "/log", b"x")).status == 500
        assert (await send("POST", "/v1/entries", b'{"message":"m"}')).status == 200
