"""Who may call, as a file says it."""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from time import time

import jwt
import pytest

from kitfox.app import Auth, ConfigError, JWTAuth, Neighbours, Server, authenticating, load
from kitfox.auth import hash_token, show
from kitfox.core import PermissionDenied, Service, Through, Unauthenticated, current_call, rpc
from kitfox.scope import fail_after
from kitfox.transports.memory import Memory

HERE = Path()
SECRET = "a secret that both sides share!!"
FILE = """
[system]
token = "token-of-the-system"

[service.till]
run = "till:Till"

[service.till.auth]
forwarders = ["portal"]
tokens = { portal = "token-of-the-portal", ada = ["one-of-ada", "another-of-ada"] }
scopes = { ada = ["till.write"], system = ["till.read"] }

[service.till.auth.jwt]
issuer = "https://id.example"
audience = "till"
algorithms = ["RS256"]
keys = "https://id.example/keys"
leeway = "5s"
"""


class Till(Service, name="auth.v1.Till"):
    @rpc
    async def who(self) -> str:
        return current_call().identity

    @rpc(scopes=["till.write"])
    async def take(self) -> str:
        return current_call().identity


def read(text, environ=None):
    return load(text, environ or {}, {}, Path("kitfox.toml")).services["till"].auth


def wrong(auth, system=""):
    text = f'[system]\n{system}\n[service.till]\nrun = "till:Till"\n[service.till.auth]\n{auth}'
    with pytest.raises(ConfigError) as raised:
        read(text)
    return str(raised.value).removeprefix("kitfox.toml: service.till.auth")


def showing(connection, token):
    async def credentials():
        return token

    return Till.client(Through(connection, show(credentials)))


@pytest.fixture
async def served():
    """`served(auth, **options)`: a connection to a till that asks who calls."""
    async with fail_after(10.0), AsyncExitStack() as stack:

        async def serve(said, folder=HERE, **options):
            wire = Memory()
            middleware = await stack.enter_async_context(authenticating(said, folder, **options))
            server = Server(Till(), listeners=[wire], middleware=middleware)
            await stack.enter_async_context(server.running())
            return wire

        yield serve


def test_who_may_call_stands_in_the_file():
    auth = read(FILE)
    assert auth.required
    assert auth.tokens["ada"] == ("one-of-ada", "another-of-ada")
    assert auth.scopes["system"] == ("till.read",)
    assert auth.jwt.leeway.total_seconds() == 5.0


def test_a_token_may_stand_in_a_file_of_its_own(tmp_path):
    (tmp_path / "portal").write_text("secret-of-the-portal\n")
    name = "KITFOX_SERVICE__TILL__AUTH__TOKENS__PORTAL_FILE"
    assert read(FILE, {name: str(tmp_path / "portal")}).tokens["portal"] == "secret-of-the-portal"


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        ("", ": expected tokens, jwt or certificates = true: nobody could prove who it is"),
        ("token = {}", ".token: unknown key"),
        ("tokens = { ada = 3 }", ".tokens[...]: expected text or a list"),
        ('tokens = { ada = "" }', ": tokens: that of ada is empty"),
        ('tokens = { ada = "x", bob = "x" }', ": tokens: ada and bob have the same token"),
        ('tokens = { ada = "sha256:x" }', ": tokens: that of ada begins with 'sha256:'"),
        (
            'tokens = { ada = "x" }\nscopes = { adda = ["till.write"] }',
            '.scopes.adda: there is no token for adda; did you mean "ada"?',
        ),
        ("jwt = {}", ".jwt.issuer: missing"),
        (
            'jwt = { issuer = "i", audience = "a", algorithms = ["RS256"] }',
            ".jwt: expected either keys or secret",
        ),
        (
            'jwt = { issuer = "i", audience = "a", algorithms = ["XS256"], keys = "keys.json" }',
            ": algorithms: XS256 is none of",
        ),
        (
            'jwt = { issuer = "i", audience = "a", algorithms = ["RS256"], keys = "http://a/b" }',
            ": 'http://a/b': keys are read over https",
        ),
        (
            'jwt = { issuer = "i", audience = "a", algorithms = ["HS256"], secret = "short" }',
            ": keys: this is no key for HS256",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_without_the_token(auth, problem):
    said = wrong(auth)
    assert said.startswith(problem)
    assert "short" not in said


def test_the_name_of_the_systems_members_is_taken():
    said = wrong('tokens = { system = "x" }', 'token = "y"')
    assert said == ".tokens.system: that one's is the system's own token"


async def test_a_caller_is_who_its_token_says_and_may_do_what_its_scopes_allow(served):
    till = await served(
        Auth(
            tokens={"ada": hash_token("of-ada"), "bob": ("old", "new")},
            scopes={"ada": ("till.write",)},
        )
    )
    assert await showing(till, "of-ada").take() == "ada"
    assert await showing(till, "old").who() == await showing(till, "new").who() == "bob"
    with pytest.raises(PermissionDenied):
        await showing(till, "new").take()
    with pytest.raises(Unauthenticated):
        await Till.client(till).who()
    with pytest.raises(Unauthenticated):
        await showing(till, "of-eve").who()


async def test_strangers_may_make_some_calls_where_callers_are_not_required(served):
    till = await served(Auth(required=False, tokens={"ada": "of-ada"}))
    assert await Till.client(till).who() == ""
    with pytest.raises(Unauthenticated):
        await Till.client(till).take()


async def test_who_shows_the_systems_token_is_a_member_of_it(served):
    till = await served(Auth(scopes={"system": ("till.write",)}), token="of-all")
    assert await showing(till, "of-all").take() == "system"


async def test_signed_tokens_are_accepted_as_the_file_says(served, tmp_path):
    said = JWTAuth(
        issuer="https://id.example", audience="till", algorithms=("HS256",), secret=SECRET
    )
    till = await served(Auth(jwt=said, tokens={"ada": "of-ada"}))
    claims = {"iss": said.issuer, "aud": "till", "exp": int(time()) + 60, "sub": "eve"}
    signed = jwt.encode({**claims, "scope": "till.write"}, SECRET, "HS256")
    assert await showing(till, signed).take() == "eve"
    assert await showing(till, "of-ada").who() == "ada"
    with pytest.raises(Unauthenticated, match="another audience"):
        await showing(till, jwt.encode({**claims, "aud": "desk"}, SECRET, "HS256")).who()


async def test_keys_may_stand_in_a_file_beside_the_configuration(served, tmp_path):
    key = {"kty": "oct", "kid": "one", "k": "YSBzZWNyZXQgdGhhdCBib3RoIHNpZGVzIHNoYXJlISE"}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key]}))
    said = JWTAuth(issuer="i", audience="till", algorithms=("HS256",), keys="keys.json")
    till = await served(Auth(jwt=said), tmp_path)
    claims = {"iss": "i", "aud": "till", "exp": int(time()) + 60, "sub": "eve"}
    signed = jwt.encode(claims, SECRET, "HS256", headers={"kid": "one"})
    assert await showing(till, signed).who() == "eve"


async def test_neighbours_in_one_process_are_asked_who_they_are_as_over_any_wire():
    neighbours = Neighbours([Till], token="of-all")
    said = Auth(scopes={"system": ("till.write",)})
    async with (
        fail_after(10.0),
        authenticating(said, HERE, token="of-all") as middleware,
        neighbours.listen(Till(), middleware),
    ):
        assert await Till.client(neighbours.connection("auth.v1.Till")).take() == "system"
