"""One limit for several servers, as `rate_limit = { store = … }` says it."""

import logging

import pytest

from kitfox.app import Policies, Server, ServerChain
from kitfox.core import ResourceExhausted, Service, rpc
from kitfox.scope import fail_after
from kitfox.transports.memory import Memory
from valkey_server import ValkeyServer

pytestmark = pytest.mark.xdist_group("valkey")


class Desk(Service, name="shared.v1.Desk"):
    @rpc
    async def look(self) -> int:
        """Look something up."""
        return 1


@pytest.fixture
def valkey():
    server = ValkeyServer()
    server.start()
    yield server
    server.kill()


def limited(url, rate=0.001):
    """A chain for three calls; on a busy machine a store that is there must not pass for away."""
    said = {"rate": rate, "burst": 3, "by": "method", "store": url, "patience": "5s"}
    return ServerChain(Policies.read({"shared.v1.Desk": {"rate_limit": said}}))


async def allowed(*desks):
    """Return how many calls are allowed, when they are made in turn, until one is refused."""
    for number in range(100):
        try:
            await desks[number % len(desks)].look()
        except ResourceExhausted:
            return number
    return 100


async def test_servers_with_the_same_store_share_a_limit(valkey):
    one, other = Memory(), Memory()
    async with (
        fail_after(20.0),
        Server(Desk(), listeners=[one], policies=limited(valkey.url)).running(),
        Server(Desk(), listeners=[other], policies=limited(valkey.url)).running(),
    ):
        assert await allowed(Desk.client(one), Desk.client(other)) == 3


async def test_what_was_counted_counts_on_when_the_rules_change(valkey):
    wire, chain = Memory(), limited(valkey.url)
    async with fail_after(20.0), Server(Desk(), listeners=[wire], policies=chain).running():
        await Desk.client(wire).look()
        said = {"rate": 0.002, "burst": 3, "by": "method", "store": valkey.url, "patience": "5s"}
        chain.replace(Policies.read({"shared.v1.Desk": {"rate_limit": said}}))
        assert await allowed(Desk.client(wire)) < 3


async def test_each_server_limits_for_itself_while_the_store_is_away(valkey, caplog):
    valkey.kill()
    one, other = Memory(), Memory()
    caplog.set_level(logging.WARNING)
    async with (
        fail_after(20.0),
        Server(Desk(), listeners=[one], policies=limited(valkey.url)).running(),
        Server(Desk(), listeners=[other], policies=limited(valkey.url)).running(),
    ):
        assert await allowed(Desk.client(one)) == await allowed(Desk.client(other)) == 3
    assert "the store of limits is away" in caplog.text
