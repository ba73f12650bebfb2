"""Signed tokens: whose they are, and all the ways in which they are none."""

import asyncio
import base64
import hashlib
import hmac
import json
from time import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kitfox import Unauthenticated, Unavailable
from kitfox.auth import JWKSURL, JWKSFile, StaticTokens, authenticate
from kitfox.auth.jwt import JWT
from kitfox.net import HTTPError, Site, SiteReply
from kitfox.transports.http import HTTP

SECRET = "a secret that both sides know, of 32 bytes or more"


@pytest.fixture
def make(issuer):
    """Make what judges the issuer's tokens."""

    def make(**options):
        told = {"keys": issuer, "algorithms": ["RS256"], **options}
        return JWT(issuer="https://id.example", audience="school", **told)

    return make


@pytest.fixture
def judge(make, lab):
    """Tell whose a token is."""
    way = make()

    async def judge(token, way=way):
        return await way.caller(lab.call_with(token))

    return judge


async def test_a_token_says_who_calls_and_what_it_may_do(judge, issuer):
    caller = await judge(issuer.token("first", scope="grades.read grades.write"))
    assert caller == ("ada", {"grades.read", "grades.write"})


async def test_a_server_lets_a_token_in(make, issuer, lab):
    async with lab.asking(authenticate(make())) as connection:
        token = issuer.token("first", scope="b a")
        assert await lab.showing(connection, token).am_i() == "ada"
        assert await lab.showing(connection, token).may() == ["a", "b"]
        with pytest.raises(Unauthenticated, match="has expired"):
            await lab.showing(connection, issuer.token("first", exp=time() - 1)).am_i()


async def test_claims_of_other_names_may_say_so(make, judge, issuer):
    way = make(identity="azp", prefix="app:", scopes="scp")
    caller = await judge(issuer.token("first", azp="portal", scp=["a", "b", 3]), way)
    assert caller == ("app:portal", {"a", "b"})


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": 1}, "has expired"),
        ({"exp": None}, "lacks a claim"),
        ({"nbf": time() + 3600}, "not valid yet"),
        ({"aud": "hospital"}, "another audience"),
        ({"aud": None}, "lacks a claim"),
        ({"sub": None}, "lacks a claim"),
        ({"sub": ""}, "does not say whose"),
    ],
)
async def test_a_token_that_is_not_good_here_is_refused(judge, issuer, claims, why):
    with pytest.raises(Unauthenticated, match=why):
        await judge(issuer.token("first", **claims))


async def test_a_clock_that_is_a_little_wrong_is_forgiven_if_so_wished(make, judge, issuer):
    late = issuer.token("first", exp=int(time()) - 5)
    assert (await judge(late, make(leeway=60.0))).identity == "ada"
    with pytest.raises(Unauthenticated):
        await judge(late, make())


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "..", "a.b.c.d", "x" * 20_000 + ".b.c"])
async def test_what_is_no_signed_token_is_another_ways_business(judge, token):
    assert await judge(token) is None


async def test_nesting_without_end_breaks_nothing(judge):
    head = base64.urlsafe_b64encode(b'{"alg": "RS256"}').decode().rstrip("=")
    deep = base64.urlsafe_b64encode(b"[" * 9_000).decode().rstrip("=")
    assert await judge(f"{head}.{deep}.AAAA") is None


async def test_a_token_of_another_issuer_costs_no_reading_of_keys(judge, issuer):
    assert await judge(issuer.token("first", iss="https://other.example")) is None
    assert issuer.reads == 0


async def test_ways_stand_beside_each_other(make, issuer, lab):
    server = authenticate(make(), StaticTokens({"robot": "robot-secret"}))
    async with lab.asking(server) as connection:
        assert await lab.showing(connection, "robot-secret").am_i() == "robot"
        assert await lab.showing(connection, issuer.token("first")).am_i() == "ada"
        with pytest.raises(Unauthenticated, match="nobody who is known"):
            stranger = issuer.token("first", iss="https://other.example")
            await lab.showing(connection, stranger).am_i()


async def test_a_token_that_was_changed_is_refused(judge, issuer):
    head, claims, signature = issuer.token("first").split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    said["sub"] = "root"
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    with pytest.raises(Unauthenticated, match="the token is not valid"):
        await judge(f"{head}.{forged}.{signature}")


def signed_by_hand(header, claims, secret=b""):
    """Sign as no library would."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, claims))
    signed = b".".join(part.rstrip(b"=") for part in parts)
    signature = hmac.new(secret, signed, hashlib.sha256).digest() if secret else b""
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


IN_2100 = 4_102_444_800
GOOD = {"iss": "https://id.example", "aud": "school", "sub": "root", "exp": IN_2100}


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
async def test_a_token_without_a_signature_is_refused(judge, algorithm):
    with pytest.raises(Unauthenticated, match="not accepted here"):
        await judge(signed_by_hand({"alg": algorithm, "kid": "first"}, GOOD))


async def test_a_public_key_is_not_taken_for_a_secret(make, judge, issuer):
    public = issuer.secrets["first"].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = signed_by_hand({"alg": "HS256", "kid": "first"}, GOOD, pem)
    for way in (make(), make(keys=pem)):
        with pytest.raises(Unauthenticated, match="not accepted here"):
            await judge(forged, way)
    with pytest.raises(ValueError, match="this is no key for HS256"):
        make(keys=pem, algorithms=["HS256"])


async def test_an_algorithm_that_is_not_pinned_is_refused_though_the_signature_is_right(
    judge, issuer
):
    with pytest.raises(Unauthenticated, match="not accepted here"):
        await judge(issuer.token("first", algorithm="PS256"))


async def test_a_key_is_used_for_its_own_algorithm_only(make, judge, issuer):
    way = make(algorithms=["RS256", "RS512"])
    issuer.new_key("strict", alg="RS512")
    assert (await judge(issuer.token("strict", algorithm="RS512"), way)).identity == "ada"
    with pytest.raises(Unauthenticated, match="does not publish"):
        await judge(issuer.token("strict", algorithm="RS256"), way)


async def test_elliptic_curves_serve_too(make, judge, issuer):
    issuer.new_key("curve", kind="EC")
    token = issuer.token("curve", algorithm="ES256")
    assert (await judge(token, make(algorithms=["ES256"]))).identity == "ada"


async def test_a_key_for_other_uses_signs_nothing(judge, issuer):
    issuer.new_key("secret-sharing", use="enc")
    with pytest.raises(Unauthenticated, match="does not publish"):
        await judge(issuer.token("secret-sharing"))


async def test_keys_that_nobody_understands_are_passed_over(judge, issuer):
    issuer.published[:0] = [{"kty": "ROT13", "kid": "x"}, {}, {"kty": "RSA", "kid": 7}]
    assert (await judge(issuer.token("first"))).identity == "ada"


async def test_without_a_name_the_only_key_is_meant(judge, issuer):
    assert (await judge(issuer.token("first", headers={}))).identity == "ada"


async def test_without_a_name_none_of_several_keys_is_meant(judge, issuer):
    issuer.new_key("second")
    with pytest.raises(Unauthenticated, match="does not publish"):
        await judge(issuer.token("first", headers={}))


async def test_a_shared_secret_serves_where_it_is_said(make, judge):
    way = make(keys=SECRET, algorithms=["HS256"])
    assert (await judge(jwt.encode(GOOD, SECRET, "HS256"), way)).identity == "root"
    with pytest.raises(Unauthenticated, match="the token is not valid"):
        await judge(jwt.encode(GOOD, SECRET.upper(), "HS256"), way)


async def test_a_secret_that_can_be_guessed_is_refused(make):
    with pytest.raises(ValueError, match="below the minimum"):
        make(keys="short", algorithms=["HS256"])


@pytest.mark.parametrize("algorithms", [[], ["none"], ["RS257"], ["RS256", "HS256"]])
def test_algorithms_that_do_not_go_together_are_a_mistake(make, algorithms):
    with pytest.raises(ValueError, match="algorithms: "):
        make(algorithms=algorithms)


def test_algorithms_are_a_list(make):
    with pytest.raises(TypeError, match="expected a list"):
        make(algorithms="RS256")


async def test_a_good_token_is_not_verified_again_until_its_end_or_its_minute(make, judge, issuer):
    now = [time()]
    way = make(wall=lambda: now[0])
    token = issuer.token("first", exp=int(now[0]) + 3600)
    assert await judge(token, way) is await judge(token, way)
    first = await judge(token, way)
    now[0] += 61
    assert await judge(token, way) is not first
    brief = issuer.token("first", exp=int(now[0]) + 30)
    first = await judge(brief, way)
    now[0] += 31
    assert await judge(brief, way) is not first  # our clock ran ahead: the library's did not


async def test_keys_that_cannot_be_read_leave_the_question_open(judge, issuer):
    issuer.away = True
    with pytest.raises(Unavailable):
        await judge(issuer.token("first"))


@pytest.mark.parametrize("nonsense", [b"", b"[]", b'{"keys": []}', b'{"keys": [{}]}', b"<html>"])
async def test_a_set_that_is_none_is_not_taken(make, judge, issuer, nonsense, monkeypatch):
    monkeypatch.setattr(issuer, "document", lambda: nonsense)
    with pytest.raises(Unavailable):
        await judge(issuer.token("first"), make())


async def test_claims_and_tokens_stay_out_of_the_log(judge, issuer, caplog):
    caplog.set_level(0)
    token = issuer.token("first", sub="a-private-name", exp=1)
    with pytest.raises(Unauthenticated) as caught:
        await judge(token)
    assert "a-private-name" not in caplog.text + str(caught.value)
    assert token not in caplog.text


async def test_keys_in_a_file_are_changed_by_changing_the_file(make, judge, issuer, tmp_path):
    path = tmp_path / "keys.json"
    path.write_bytes(issuer.document())
    way = make(keys=JWKSFile(path, max_age=0.0, again=0.0))
    assert (await judge(issuer.token("first"), way)).identity == "ada"
    issuer.published.clear()
    issuer.new_key("second")
    path.write_bytes(issuer.document())
    assert (await judge(issuer.token("second"), way)).identity == "ada"
    with pytest.raises(Unauthenticated, match="does not publish"):
        await judge(issuer.token("first"), way)
    await way.aclose()


async def test_a_file_of_no_sets_size_is_not_read(tmp_path):
    path = tmp_path / "keys.json"
    path.write_bytes(b" " * 300_000)
    with pytest.raises(ValueError, match="no set of keys"):
        await JWKSFile(path).read()


@pytest.fixture
async def published(issuer):
    """Publish the issuer's keys over HTTP; yields the address."""

    async def keys(request):
        return SiteReply(body=await issuer.read(), content_type="application/json")

    async def elsewhere(request):
        return SiteReply(status=302, headers={"location": "/keys"})

    async def huge(request):
        return SiteReply(body=b" " * 300_000)

    async def silent(request):
        await asyncio.Event().wait()

    routes = {"/keys": keys, "/elsewhere": elsewhere, "/huge": huge, "/silent": silent}
    site = Site({f"GET {path}": handler for path, handler in routes.items()})
    async with HTTP(":0", fallback=site, grace=0.0).listen({}) as url:
        yield url


async def test_keys_are_read_from_where_they_are_published(make, judge, issuer, published):
    way = make(keys=JWKSURL(f"{published}/keys", again=0.0))
    tokens = [issuer.token("first", jti=str(number)) for number in range(10)]
    callers = await asyncio.gather(*(judge(token, way) for token in tokens))
    assert {caller.identity for caller in callers} == {"ada"}
    assert issuer.reads == 1
    issuer.new_key("second")
    assert (await judge(issuer.token("second"), way)).identity == "ada"
    assert issuer.reads == 2


async def test_nobody_is_sent_elsewhere_for_keys_nor_given_too_much(published):
    with pytest.raises(ValueError, match="HTTP 302"):
        await JWKSURL(f"{published}/elsewhere").read()
    with pytest.raises(HTTPError):
        await JWKSURL(f"{published}/huge").read()


async def test_a_publisher_that_says_nothing_is_not_waited_for(published, monkeypatch):
    monkeypatch.setattr("kitfox.auth._jwks._TIMEOUT", 0.05)
    with pytest.raises(TimeoutError):
        await JWKSURL(f"{published}/silent").read()


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example/keys",
        "file:///etc/keys",
        "ftp://127.0.0.1/k",
        "https:///keys",
        "",
        "keys",
    ],
)
def test_keys_are_read_only_where_nobody_can_change_them_on_the_way(url):
    with pytest.raises(ValueError, match="read over https"):
        JWKSURL(url)
