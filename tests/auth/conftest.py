"""Callers, servers that ask who calls, and an issuer of signed tokens."""

import json
from contextlib import asynccontextmanager
from functools import cache
from time import time
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from kitfox import Call, Service, chain, current_call, rpc
from kitfox.core import Kind, Method, Through
from kitfox.transports.memory import Memory

METHOD = Method("Lab", "Get", Kind.UNARY, dict, dict)


class Who(Service):
    """Says who calls."""

    @rpc
    async def am_i(self) -> str:
        return current_call().identity

    @rpc
    async def may(self) -> list[str]:
        return sorted(current_call().scopes)

    @rpc(scopes=["grades.write"])
    async def grade(self) -> str:
        return current_call().identity


@asynccontextmanager
async def asking(*middleware, service=None):
    """Serve a service behind middleware; yields the connection."""
    memory, wrap = Memory(), chain(*middleware)
    routes = (service or Who()).routes()
    async with memory.listen({method: wrap(endpoint) for method, endpoint in routes.items()}):
        yield memory


def writing(**metadata):
    """Make a client's middleware that writes metadata, as any stranger can."""

    def wrap(endpoint):
        async def call(call, message):
            call.metadata.update({key.replace("_", "-"): text for key, text in metadata.items()})
            return await endpoint(call, message)

        return call

    return wrap


def showing(connection, token):
    """Give a client that shows a token."""
    return Who.client(Through(connection, writing(authorization=f"Bearer {token}")))


def call_with(token="", *, identity=""):
    call = Call(METHOD, identity=identity)
    if token:
        call.metadata["authorization"] = f"Bearer {token}"
    return call


@cache
def rsa_key(name):
    """Make a key for a name; that takes long, so each is made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Signs tokens, and tells its keys to whoever reads them; counts the readings."""

    max_age = 600.0
    again = 10.0

    def __init__(self):
        self.secrets = {}
        self.published = []
        self.reads = 0
        self.away = False

    def new_key(self, name, kind="RSA", **more):
        if kind == "RSA":
            secret = rsa_key(name)
            public = json.loads(RSAAlgorithm.to_jwk(secret.public_key()))
        else:
            secret = ec.generate_private_key(ec.SECP256R1())
            public = json.loads(ECAlgorithm.to_jwk(secret.public_key()))
        self.secrets[name] = secret
        self.published.append({**public, "kid": name, **more})

    def token(self, key, *, algorithm="RS256", headers=None, **claims):
        said = {"iss": "https://id.example", "aud": "school", "sub": "ada", "exp": time() + 60}
        said = {name: value for name, value in {**said, **claims}.items() if value is not None}
        headers = {"kid": key} if headers is None else headers
        return jwt.encode(said, self.secrets[key], algorithm, headers)

    def document(self):
        return json.dumps({"keys": self.published}).encode()

    async def read(self):
        self.reads += 1
        if self.away:
            raise OSError("nobody is there")
        return self.document()


@pytest.fixture
def issuer():
    """Make an issuer with one key."""
    issuer = Issuer()
    issuer.new_key("first")
    return issuer


@pytest.fixture
def lab():
    """Give the tests what stands in this file."""
    return SimpleNamespace(
        Who=Who, asking=asking, writing=writing, showing=showing, call_with=call_with
    )
