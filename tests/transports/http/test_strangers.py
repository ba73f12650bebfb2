"""Who may call: other sites' pages, those without the token, those of other machines."""

import pytest

from kitfox import fail_after
from kitfox.net import Site, SiteReply
from kitfox.transports.http import CORS, HTTP, HTTPApp

PUT = "/acme.v1.Ledger/Put"
GET = "/acme.v1.Ledger/Get?id=1"
APP = "https://app.example"


def headers(**fields):
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]


@pytest.fixture
def put(fetch):
    async def put(url, **fields):
        given = headers(content_type="application/json", **fields)
        return await fetch(url + PUT, "POST", headers=given, body=b'{"id":1}')

    return put


async def test_a_page_of_another_site_may_not_call_but_curl_may(serving, book, put, fetch):
    async with serving(book) as url:
        assert (await put(url)).status == 200
        assert (await put(url, sec_fetch_site="same-origin", origin=url)).status == 200
        assert (await put(url, sec_fetch_site="none")).status == 200
        assert (await put(url, origin=url)).status == 200
        for fields in (
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
            {"sec_fetch_site": "cross-site", "origin": url},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ):
            answer = await put(url, **fields)
            assert (answer.status, answer.problem["code"]) == (403, "permission_denied")


async def test_another_site_may_link_to_a_route_but_not_to_a_methods_own_path(serving, book, fetch):
    linked = headers(sec_fetch_site="cross-site")
    async with serving(book, routes={type(book).get: "GET /entries/{id}"}) as url:
        assert (await fetch(url + "/entries/1", headers=linked)).status == 200
        assert (await fetch(url + GET, headers=linked)).status == 403
        assert (await fetch(url + GET)).status == 200


@pytest.fixture
def ask(wire):
    """Ask for a path by the name that a client thinks this server has."""

    async def asked(url, path, name):
        async with fail_after(10), wire(url) as client:
            client.send(f"GET {path} HTTP/1.1\r\nhost: {name}\r\n\r\n".encode())
            return await client.answer()

    return asked


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "a:b"]
)
async def test_a_name_that_was_pointed_here_is_refused_but_to_probes(serving, book, ask, name):
    async with serving(book) as url:
        for path in (GET, "/docs", "/nowhere"):
            answer = await ask(url, path, name)
            assert (answer.status, answer.problem["code"]) == (421, "permission_denied")
            assert "hosts=" in answer.problem["detail"]
        assert (await ask(url, "/livez", name)).status == 200


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST:80", "grading.localhost", "10.0.0.7:80", "[::1]", "[::1]:80"]
)
async def test_addresses_and_localhost_are_nobody_elses_names(serving, book, ask, name):
    async with serving(book) as url:
        assert (await ask(url, GET, name)).status == 200


async def test_a_server_answers_to_the_names_it_was_given(serving, book, ask):
    async with serving(book, hosts=["Shop.Example"]) as url:
        for name in ("shop.example", "SHOP.example", "shop.example:8080"):
            assert (await ask(url, GET, name)).status == 200
    async with serving(book, hosts=None) as url:
        assert (await ask(url, GET, "shop.example")).status == 200


async def test_who_shows_a_token_needs_no_name(serving, book, ask):
    async with serving(book, token="s3cret") as url:
        assert (await ask(url, GET, "shop.example")).status == 401


async def test_cors_is_off_unless_configured(serving, book, fetch):
    async with serving(book) as url:
        answer = await fetch(url + GET, headers=headers(origin=APP))
        assert not [name for name in answer.headers if name.startswith("access-control")]
        ask = headers(origin=APP, access_control_request_method="POST")
        assert (await fetch(url + PUT, "OPTIONS", headers=ask)).status == 405


async def test_an_allowed_page_may_ask_and_call(serving, book, put, fetch):
    ask = headers(origin=APP, access_control_request_method="POST")
    async with serving(book, cors=CORS(frozenset({APP}))) as url:
        asked = await fetch(url + PUT, "OPTIONS", headers=ask)
        assert asked.status == 204
        assert asked.headers["access-control-allow-origin"] == APP
        assert asked.headers["vary"] == "origin"
        assert "POST" in asked.headers["access-control-allow-methods"]
        assert "content-type" in asked.headers["access-control-allow-headers"]
        assert asked.headers["access-control-max-age"] == "600"
        called = await put(url, origin=APP, sec_fetch_site="cross-site")
        assert (called.status, called.headers["access-control-allow-origin"]) == (200, APP)
        failed = await fetch(url + "/acme.v1.Ledger/Get?id=404", headers=headers(origin=APP))
        assert (failed.status, failed.headers["access-control-allow-origin"]) == (404, APP)


async def test_no_other_page_is_let_in_beside_the_allowed(serving, book, put, fetch):
    evil = "https://evil.example"
    ask = headers(origin=evil, access_control_request_method="POST")
    async with serving(book, cors=CORS(frozenset({APP}))) as url:
        assert (
            "access-control-allow-origin"
            not in (await fetch(url + PUT, "OPTIONS", headers=ask)).headers
        )
        assert (await put(url, origin=evil, sec_fetch_site="cross-site")).status == 403


async def test_a_star_lets_every_page_in(serving, book, put):
    async with serving(book, cors=CORS(frozenset({"*"}))) as url:
        answer = await put(url, origin="https://any.example", sec_fetch_site="cross-site")
        assert answer.status == 200


async def test_what_a_page_asks_about_the_fallback_is_the_fallbacks_to_answer(book, fetch):
    async def asked(request):
        return SiteReply(headers={"access-control-allow-origin": "theirs"})

    cors, site = CORS(frozenset({APP})), Site({"OPTIONS /theirs": asked})
    ask = headers(origin=APP, access_control_request_method="POST")
    async with HTTP(cors=cors, fallback=site).listen(book.routes()) as url:
        theirs = await fetch(url + "/theirs", "OPTIONS", headers=ask)
        assert theirs.headers["access-control-allow-origin"] == "theirs"
        assert (await fetch(url + PUT, "OPTIONS", headers=ask)).status == 204


async def test_who_does_not_show_the_token_hears_what_to_send(serving, book, fetch):
    site = Site({"GET /site": lambda _: pytest.fail("not reached")})
    async with serving(book, token="s3cret", fallback=site) as url:
        for path in (GET, "/site", "/nowhere", "/docs", "/openapi.json", "/livez%2F"):
            for shown in ("", "Basic s3cret", "Bearer wrong", "Bearer s3cre", "Bearer s3cret2"):
                given = headers(authorization=shown) if shown else []
                answer = await fetch(url + path, headers=given)
                assert (answer.status, answer.problem["code"]) == (401, "unauthenticated")
                assert answer.headers["www-authenticate"] == "Bearer"


async def test_who_shows_the_token_is_served_and_probes_need_none(serving, book, fetch):
    async with serving(book, token="s3cret") as url:
        for shown in ("Bearer s3cret", "bearer s3cret"):
            assert (await fetch(url + GET, headers=headers(authorization=shown))).status == 200
        for probe in ("/livez", "/readyz", "/startupz"):
            assert (await fetch(url + probe)).status == 200


@pytest.mark.parametrize("token", ["", " "])
async def test_an_empty_token_is_refused(book, token):
    with pytest.raises(ValueError, match="an empty token protects nothing"):
        HTTPApp(book.routes(), token=token)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "example.com:80"])
def test_an_address_that_others_can_reach_needs_a_word(address):
    with pytest.raises(ValueError, match="can be reached from other machines"):
        HTTP(address)
    HTTP(address, token="s3cret")
    HTTP(address, public=True)


@pytest.mark.parametrize("address", [":0", "127.0.0.1:0", "[::1]:0", "localhost:0", "unix:/x"])
def test_an_address_of_this_machine_needs_none(address):
    HTTP(address)
