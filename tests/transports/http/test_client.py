"""HTTPConnection: what each failure of a peer, a proxy or the wire means to the caller."""

import asyncio
import math
import socket

import pytest

from kitfox import (
    Call,
    Code,
    Deadline,
    DeadlineExceeded,
    NotFound,
    RPCError,
    Service,
    Unavailable,
    methods_of,
    rpc,
)
from kitfox.core import (
    Internal,
    InvalidArgument,
    ResourceExhausted,
    Unimplemented,
    Unreachable,
    retry_after,
)
from kitfox.net import TLS, ClientLimits, HTTPClient
from kitfox.transports.http import HTTPApp, HTTPConnection

HTML = (b"content-type", b"text/html")


@pytest.fixture
def answering(foreign):
    """Serve one answer to everything; what was asked is kept in `asked`."""

    def serve(status, body=b"", *headers, asked=None):
        async def app(scope, receive, send):
            if asked is not None:
                asked.append(dict(scope["headers"]))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return foreign(app, lifespan="off")

    return serve


@pytest.fixture
def get(ledger):
    async def get(url, **call):
        method = methods_of(ledger)["get"]
        async with HTTPConnection(url) as connection:
            return await connection.endpoint(method)(Call(method, **call), method.request(1))

    return get


# What somebody answers who is not kitfox, what it means, and words of the message.
FOREIGN_ANSWERS = [
    (502, b"<html>Bad Gateway</html>", Unavailable, "HTTP 502"),
    (503, b"", Unavailable, "HTTP 503"),
    (504, b"<html>", DeadlineExceeded, "HTTP 504"),
    (404, b"Not Found", Unimplemented, "HTTP 404"),
    (405, b"", Unimplemented, "HTTP 405"),
    (429, b"", ResourceExhausted, "HTTP 429"),
    (500, b"\xff", RPCError, "HTTP 500"),
    (302, b"", RPCError, "HTTP 302"),
    (204, b"", RPCError, "HTTP 204"),
    (404, b'{"code":"not_found","detail":"gone"}', NotFound, "gone"),
    (404, b'{"detail":"theirs"}', Unimplemented, "theirs"),
    (404, b'{"code":7}', Unimplemented, "HTTP 404"),
    (200, b"<html>Please log in</html>", Internal, "not a"),
    (200, b'{"value":7}', Internal, "not a"),
    (200, b"", Internal, "not a"),
]


async def test_an_answer_from_elsewhere_is_the_nearest_error(foreign, get):
    left = [(status, body) for status, body, _, _ in FOREIGN_ANSWERS]

    async def app(scope, receive, send):
        status, body = left.pop(0)
        await send({"type": "http.response.start", "status": status, "headers": [HTML]})
        await send({"type": "http.response.body", "body": body})

    async with foreign(app, lifespan="off") as url:
        for _, _, error, words in FOREIGN_ANSWERS:
            with pytest.raises(error, match=words):
                await get(url)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(b"120", 120.0), (b"0", 0.0), (b"Wed, 21 Oct 2026 07:28:00 GMT", None), (b"-1", None)],
)
async def test_what_somebody_else_says_of_when_to_ask_again_is_in_the_details(
    answering, get, header, seconds
):
    async with answering(503, b"", (b"retry-after", header)) as url:
        with pytest.raises(Unavailable) as raised:
            await get(url)
    assert retry_after(raised.value) == seconds


async def test_an_error_says_in_a_header_too_when_to_ask_again(serving, ledger):
    class Busy(Service):
        @rpc
        async def fail(self, wait: float) -> None:
            raise Unavailable("not now", details={"retry_after": wait})

    async with serving(Busy()) as url, HTTPConnection(url) as connection:
        endpoint = connection.endpoint(methods_of(Busy)["fail"])
        for wait, header in ((1.5, "2"), (0, "0"), (-1, None), (10.0**12, "1000000000000")):
            call = Call(methods_of(Busy)["fail"])
            with pytest.raises(Unavailable) as raised:
                await endpoint(call, call.method.request(wait))
            assert raised.value.details == {"retry_after": wait}
            assert call.reply_metadata.get("retry-after") == header


async def test_every_code_comes_back_as_it_was_raised(serving):
    class Faulty(Service):
        @rpc
        async def fail(self, code: int) -> None:
            raise RPCError.of(Code(code), f"failure {code}", {"code": code})

    async with serving(Faulty()) as url, HTTPConnection(url) as connection:
        for code in list(Code)[1:]:
            with pytest.raises(RPCError, match=f"failure {code.value}$") as raised:
                await Faulty.client(connection).fail(code.value)
            assert raised.value.code is code
            assert raised.value.details == {"code": code.value}


@pytest.mark.parametrize(
    ("message", "details"), [("bad \ud800 text", {}), ("text", {"set": object()})]
)
async def test_an_error_that_json_cannot_say_is_still_that_error(serving, message, details):
    class Faulty(Service):
        @rpc
        async def fail(self) -> None:
            raise NotFound(message, details=details)

    async with serving(Faulty()) as url, HTTPConnection(url) as connection:
        with pytest.raises(NotFound, match="text"):
            await Faulty.client(connection).fail()


async def test_nobody_at_the_port_is_unreachable_and_so_safe_to_try_elsewhere(get):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(Unreachable, match="cannot connect"):
            await get(f"http://127.0.0.1:{taken.getsockname()[1]}")


async def test_a_connection_that_breaks_after_the_request_is_unavailable_and_no_more(get):
    async def hang_up(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable) as raised:
            await get(f"http://127.0.0.1:{port}")
    assert not isinstance(raised.value, Unreachable)


async def test_a_reply_over_the_limit_is_resource_exhausted(answering, ledger):
    limits = ClientLimits(body_bytes=1000)
    large = b'{"value":"' + b"x" * 2000 + b'"}'
    async with answering(200, large) as url, HTTPClient(limits) as client:
        calls = ledger.client(HTTPConnection(url, client=client))
        with pytest.raises(ResourceExhausted):
            await calls.get(1)


@pytest.mark.parametrize("key", ["host", "content-length", "cookie", "connect-timeout-ms"])
async def test_metadata_that_is_http_s_own_is_refused_before_anything_is_sent(get, key):
    with pytest.raises(InvalidArgument, match=key):
        await get("http://127.0.0.1:1", metadata={key: "x"})


async def test_headers_that_metadata_cannot_hold_are_left_out(answering, ledger):
    method = methods_of(ledger)["get"]
    call = Call(method)
    odd = [(b"_a", b"1"), (b"b!", b"2"), (b"c", b"\xe4"), (b"d", b"4")]
    async with answering(200, b'{"value":"v"}', *odd) as url, HTTPConnection(url) as connection:
        await connection.endpoint(method)(call, method.request(1))
    assert dict(call.reply_metadata) == {"d": "4"}


async def test_a_deadline_is_sent_as_the_time_left(answering, get):
    asked = []
    async with answering(200, b'{"value":"v"}', asked=asked) as url:
        for seconds in (5, 1e9, math.inf):
            await get(url, deadline=Deadline.after(seconds))
    first, far, endless = (int(headers[b"connect-timeout-ms"]) for headers in asked)
    assert 0 < first <= 5000
    assert far == endless == 9_999_999_999


async def test_a_far_deadline_is_one_that_our_server_takes(serving, book, get):
    async with serving(book) as url:
        assert (await get(url, deadline=Deadline.after(math.inf))).value == "entry 1"


@pytest.mark.parametrize("url", ["", "example.com", "ftp://x", "http://", "http://u:p@x/"])
def test_a_malformed_url_is_refused_when_the_connection_is_made(url):
    with pytest.raises(ValueError, match="URL"):
        HTTPConnection(url)


async def test_a_url_may_have_a_path_before_the_methods(answering, ledger, foreign, book):
    app = foreign(HTTPApp(book.routes()), lifespan="off", root_path="/api")
    async with app as url, HTTPConnection(f"{url}/") as connection:
        assert await ledger.client(connection).get(2) == "entry 2"


async def test_a_client_that_is_given_is_left_open(serving, book, ledger):
    async with serving(book) as url, HTTPClient() as client:
        for number in range(2):
            async with HTTPConnection(url, client=client) as connection:
                assert await ledger.client(connection).get(number) == f"entry {number}"
        assert client.open_connections == 1


async def test_calls_pass_through_tls_to_a_peer_that_is_trusted(
    foreign, book, ledger, authority, tmp_path
):
    certificate, ca = tmp_path / "cert.pem", tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    app = HTTPApp(book.routes())
    async with foreign(app, lifespan="off", ssl_certfile=certificate) as plain:
        url = plain.replace("http:", "https:")
        async with HTTPClient(tls=TLS(ca=ca)) as client:
            calls = ledger.client(HTTPConnection(url, client=client))
            assert await calls.get(1) == "entry 1"
            assert [item async for item in calls.follow(2)] == [0, 1]
        async with HTTPClient() as client:
            with pytest.raises(Unreachable, match="certificate"):
                await ledger.client(HTTPConnection(url, client=client)).get(1)
