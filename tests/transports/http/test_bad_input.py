"""What strangers send: each is told what was wrong, and the server goes on."""

import asyncio

import pytest

from kitfox.transports.http import HTTP, HTTPLimits
from kitfox.transports.http._headers import HeaderMetadata

GET = b"GET /acme.v1.Ledger/Get?id=1 HTTP/1.1\r\nhost: localhost\r\n\r\n"
POST = b"POST /acme.v1.Ledger/Put HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
LIMITS = HTTPLimits(body=1000, header_bytes=4096, header_count=20, request_time=0.2)


@pytest.fixture
async def url(book, fetch):
    """Give a server that, whatever a test did to it, answers the next request."""
    async with HTTP(limits=LIMITS).listen(book.routes()) as url:
        yield url
        assert (await fetch(f"{url}/acme.v1.Ledger/Get?id=7")).body == b'{"value":"entry 7"}'


@pytest.fixture
def post(fetch, url):
    async def post(body, name="Put", kind=b"application/json", **given):
        path = f"{url}/acme.v1.Ledger/{name}"
        return await fetch(path, "POST", headers=[(b"content-type", kind)], body=body, **given)

    return post


# Bodies, what is said of each, and the field that is named.
MISFITS = [
    (b"{", "truncated", None),
    (b'{"id":1}}', "trailing characters", None),
    (b'{"text":"\xff"}', "utf-8", None),
    (b"[1]", "Expected `object`", None),
    (b"null", "Expected `object`", None),
    (b'{"id":"1"}', "id: Expected `int`, got `str`", "id"),
    (b'{"id":1,"text":2}', "text: Expected `str`, got `int`", "text"),
    (b"{}", "id: Object missing required field `id`", "id"),
    (b"", "id: Object missing required field `id`", "id"),
    (b"[" * 900, "", None),
]


async def test_a_body_that_does_not_fit_is_answered_with_the_field_at_fault(post):
    for body, detail, field in MISFITS:
        answer = await post(body)
        assert answer.status == 400
        assert answer.problem["code"] == "invalid_argument"
        assert detail in answer.problem["detail"]
        assert answer.problem["details"].get("field") == field


async def test_a_body_that_is_not_declared_as_json_is_not_read(post):
    for kind in (b"text/plain", b"application/x-www-form-urlencoded", b"json"):
        answer = await post(b'{"id":1}', kind=kind)
        assert (answer.status, answer.problem["code"]) == (415, "invalid_argument")
        assert kind.decode() in answer.problem["detail"]


async def test_a_charset_beside_json_is_no_offence(post):
    assert (await post(b'{"id":1}', kind=b"application/json; charset=utf-8")).status == 200


async def test_an_unknown_path_and_a_wrong_verb_are_told_apart(fetch, url):
    nowhere = await fetch(f"{url}/acme.v1.Ledger/Nope")
    assert (nowhere.status, nowhere.problem["code"]) == (404, "unimplemented")
    wrong = await fetch(f"{url}/acme.v1.Ledger/Put")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    both = await fetch(f"{url}/acme.v1.Ledger/Get", "DELETE")
    assert (both.status, both.headers["allow"]) == (405, "GET, HEAD, POST")
    page = await fetch(f"{url}/docs", "DELETE")
    assert (page.status, page.headers["allow"]) == (405, "GET, HEAD")
    assert page.problem["code"] == "unimplemented"


async def test_a_query_that_does_not_fit_is_refused(fetch, url):
    for query in ("id=%ff", "id=%zz", "id=one", "id=", ""):
        answer = await fetch(f"{url}/acme.v1.Ledger/Get?{query}")
        assert (answer.status, answer.problem["code"]) == (400, "invalid_argument")


async def test_a_path_that_is_not_utf_8_is_refused(fetch, url):
    for path in ("/%ff", "/acme.v1.Ledger%00/Get"):
        answer = await fetch(url + path)
        assert (answer.status, answer.problem["code"]) == (400, "invalid_argument")
        assert "the path" in answer.problem["detail"]


async def test_a_body_announced_as_too_long_is_refused_before_it_comes(wire, url):
    async with wire(url) as client:
        client.send(POST + b"content-length: 1001\r\n\r\n")
        answer = await client.answer()
    assert (answer.status, answer.problem["code"]) == (413, "resource_exhausted")


async def test_who_goes_on_sending_a_body_that_is_too_long_hears_of_it_too(wire, url):
    async with wire(url) as client:
        client.send(POST + b"content-length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        assert (await client.answer()).status == 413
        client.send(GET)  # the connection is still good
        assert (await client.answer()).status == 200


async def test_a_body_in_chunks_is_refused_when_it_gets_too_long(wire, url):
    async with wire(url) as client:
        client.send(POST + b"transfer-encoding: chunked\r\n\r\n")
        client.send(b"200\r\n" + b"x" * 0x200 + b"\r\n" + b"200\r\n" + b"x" * 0x200 + b"\r\n")
        assert (await client.answer()).status == 413


async def test_a_body_whose_rest_never_comes_after_its_refusal_ends_the_connection(wire, url):
    async with wire(url) as client:
        client.send(POST + b"content-length: 3000\r\n\r\nx")
        assert (await client.answer()).status == 413
        assert await client.rest() == b""  # and no second answer


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nho",
        b"GET /",
        POST + b"content-length: 8\r\n\r\n{",
        POST + b"transfer-encoding: chunked\r\n\r\n8\r\n{",
    ],
)
async def test_a_request_that_does_not_come_to_its_end_is_given_up(wire, url, sent):
    async with wire(url) as client:
        client.send(sent)
        answer = await client.answer()
        assert (answer.status, answer.problem["code"]) == (408, "deadline_exceeded")
        assert answer.headers["connection"] == "close"
        assert await client.rest() == b""


async def test_bytes_that_trickle_in_win_no_time(wire, url):
    async with wire(url) as client:
        client.send(b"GET / HTTP/1.1\r\nx: ")
        answer = asyncio.create_task(client.answer())
        while not answer.done():
            client.send(b"y")
            await asyncio.sleep(0.02)
        assert (await answer).status == 408


@pytest.mark.parametrize("size", [5000, 60_000])
async def test_headers_that_are_too_long_are_refused_in_one_piece_and_in_many(wire, url, size):
    for pieces in (1, 10):
        async with wire(url) as client:
            client.send(b"GET / HTTP/1.1\r\nx: ")
            for _ in range(pieces):
                client.send(b"y" * (size // pieces))
                await asyncio.sleep(0)
            client.send(b"\r\n\r\n")
            answer = await client.answer()
            assert (answer.status, answer.problem["code"]) == (431, "resource_exhausted")


async def test_headers_without_an_end_are_refused(wire, url):
    async with wire(url) as client:
        client.send(b"GET / HTTP/1.1\r\nx: " + b"y" * 2_000_000)
        assert (await client.answer()).status == 431


async def test_too_many_headers_are_refused_even_when_all_have_one_name(wire, url):
    async with wire(url) as client:
        client.send(GET.replace(b"\r\n\r\n", b"\r\n" + b"a: b\r\n" * 21 + b"\r\n"))
        answer = await client.answer()
    assert (answer.status, answer.problem["code"]) == (431, "resource_exhausted")


@pytest.fixture
def not_http():
    return [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS's greeting
        b"hello\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\na b: c\r\n\r\n",
        b"CONNECT elsewhere:1 HTTP/1.1\r\n\r\n",
        POST + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"content-length: -1\r\n\r\n",
        POST + b"content-length: 99999999999999999999999\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}XX",
    ]


async def test_what_is_not_http_is_answered_once_and_ends_the_connection(wire, url, not_http):
    for sent in not_http:
        async with wire(url) as client:
            client.send(sent)
            answer = await client.answer()
            assert (answer.status, answer.problem["code"]) == (400, "invalid_argument")
            assert await client.rest() == b""


async def test_who_is_answered_with_an_error_while_it_sends_can_read_the_answer(wire, url):
    async with wire(url) as client:
        client.send(b"hello\r\n\r\n" + b"x" * 1_000_000)
        assert (await client.answer()).status == 400


async def test_requests_in_a_row_are_answered_in_their_order(wire, url):
    async with wire(url) as client:
        client.send(b"".join(GET.replace(b"id=1", b"id=%d" % number) for number in range(20)))
        for number in range(20):
            assert (await client.answer()).body == b'{"value":"entry %d"}' % number


async def test_a_request_is_answered_though_garbage_follows_it(wire, url):
    async with wire(url) as client:
        client.send(GET + b"hello\r\n\r\n")
        assert (await client.answer()).status == 200
        assert await client.rest() == b""


async def test_http_1_0_is_answered_and_its_connection_closed(wire, url):
    async with wire(url) as client:
        client.send(b"GET /acme.v1.Ledger/Get?id=1 HTTP/1.0\r\n\r\n")
        assert (await client.answer()).body == b'{"value":"entry 1"}'
        assert await client.rest() == b""


async def test_who_asks_before_sending_a_body_is_told_to_go_on(wire, url):
    async with wire(url) as client:
        client.send(POST + b"expect: 100-continue\r\ncontent-length: 8\r\n\r\n")
        assert (await client.answer()).status == 100
        client.send(b'{"id":1}')
        assert (await client.answer()).body == b'{"value":"1="}'


async def test_who_asks_before_sending_too_long_a_body_is_told_not_to(wire, url):
    async with wire(url) as client:
        client.send(POST + b"expect: 100-continue\r\ncontent-length: 8000\r\n\r\n")
        assert (await client.answer()).status == 413


async def test_head_is_get_without_a_body(wire, url):
    async with wire(url) as client:
        client.send(GET.replace(b"GET", b"HEAD") + GET)
        head = await client.answer(bodyless=True)
        assert head.headers["content-length"] == "19"
        assert (await client.answer()).body == b'{"value":"entry 1"}'


async def test_an_upgrade_that_is_not_offered_is_ignored(wire, url):
    async with wire(url) as client:
        client.send(GET.replace(b"\r\n\r\n", b"\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"))
        assert (await client.answer()).status == 200


async def test_headers_that_metadata_cannot_hold_are_no_metadata(wire, url, book):
    async with wire(url) as client:
        client.send(GET.replace(b"\r\n\r\n", b"\r\n_x: 1\r\na!b: 2\r\ntab: a\tb\r\nok: 3\r\n\r\n"))
        assert (await client.answer()).status == 200
    assert book.metadata == {"ok": "3"}


def test_metadata_that_nobody_sent_is_looked_for_without_reading_all_headers():
    metadata = HeaderMetadata({b"accept": b"*/*", b"who": b"ada", b"bad": b"\xff"})
    assert metadata.get("kitfox-attempt") is None
    assert "accept" not in metadata
    assert metadata.get("bad") is None
    assert metadata["Who"] == "ada"
    metadata["more"] = "1"
    assert dict(metadata) == {"who": "ada", "more": "1"}


@pytest.mark.parametrize("header", [b"connect-timeout-ms: soon", b"grpc-timeout: 5x"])
async def test_a_malformed_timeout_is_refused(wire, url, header):
    async with wire(url) as client:
        client.send(GET.replace(b"\r\n\r\n", b"\r\n" + header + b"\r\n\r\n"))
        answer = await client.answer()
    assert answer.status == 400
    assert header.split(b":")[0].decode() in answer.problem["detail"]
