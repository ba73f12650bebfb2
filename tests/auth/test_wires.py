"""Callers are known over every wire, by tokens and by certificates, unary calls and streams."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import trustme

from kitfox import PermissionDenied, Service, Unauthenticated, chain, current_call, fail_after, rpc
from kitfox.auth import Certificates, StaticTokens, authenticate, authorize, show
from kitfox.core import Through
from kitfox.net import TLS
from kitfox.transports.grpc import GRPC, GRPCConnection
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.msgpack import RPC, RPCConnection
from kitfox.transports.websocket import WebSocket, WebSocketConnection


def dial_websocket(url, **options):
    return WebSocketConnection(url.replace("http", "ws", 1), **options)


WIRES = {
    "http": (HTTP, HTTPConnection),
    "msgpack": (RPC, RPCConnection),
    "grpc": (GRPC, GRPCConnection),
    "websocket": (partial(HTTP, websocket=WebSocket()), dial_websocket),
}


class Lab(Service):
    """Says who calls, once or twice."""

    @rpc
    async def once(self) -> str:
        return current_call().identity

    @rpc(scopes=["lab.watch"])
    async def twice(self) -> AsyncIterator[str]:
        for _ in range(2):
            yield current_call().identity


@pytest.fixture(params=WIRES.values(), ids=WIRES)
def wire(request):
    return request.param


def guarded(*ways):
    wrap = chain(authenticate(*ways), authorize())
    return {method: wrap(endpoint) for method, endpoint in Lab().routes().items()}


async def token(text):
    return text


def client(connection, text):
    return Lab.client(Through(connection, show(partial(token, text))))


async def test_a_token_travels_and_a_refusal_comes_back(wire):
    listener, dial = wire
    tokens = StaticTokens({"ada": "ada-1", "bob": "bob-1"}, scopes={"ada": ["lab.watch"]})
    listening = listener(":0").listen(guarded(tokens))
    async with fail_after(20.0), listening as url, dial(url) as connection:
        ada, bob = client(connection, "ada-1"), client(connection, "bob-1")
        assert await ada.once() == "ada"
        assert [name async for name in ada.twice()] == ["ada", "ada"]
        assert await bob.once() == "bob"
        with pytest.raises(PermissionDenied, match=r"lab\.watch"):
            await anext(bob.twice())
        with pytest.raises(Unauthenticated):
            await client(connection, "eve-1").once()
        with pytest.raises(Unauthenticated):
            await Lab.client(connection).once()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Make a TLS for a server, and one for each of two callers."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    authority.cert_pem.write_to_path(ca := folder / "ca.pem")

    def tls(name, **more):
        issued = authority.issue_cert(name)
        issued.private_key_and_cert_chain_pem.write_to_path(path := folder / f"{name}.pem")
        return TLS(certificate=path, ca=ca, **more)

    return tls("127.0.0.1", client_ca=ca), tls("ada.example"), tls("bob.example")


async def test_a_certificate_is_who_calls(wire, certificates):
    listener, dial = wire
    server, ada, bob = certificates
    routes = guarded(Certificates({"ada.example": ["lab.watch"]}, named_only=True))
    async with fail_after(20.0), listener(":0", tls=server).listen(routes) as url:
        async with dial(url, tls=ada) as connection:
            assert await Lab.client(connection).once() == "ada.example"
            both = [name async for name in Lab.client(connection).twice()]
            assert both == ["ada.example", "ada.example"]
        async with dial(url, tls=bob) as connection:
            with pytest.raises(Unauthenticated):
                await Lab.client(connection).once()
