"""Policies are the same over every wire, for all kinds of method."""

from contextlib import asynccontextmanager

import pytest

from kitfox import ResourceExhausted
from kitfox.app import Chains, Policies
from sums import CALLS, Sums


class Behind:
    """A service behind a server's policies."""

    def __init__(self, service, chain):
        self._service = service
        self._chain = chain

    def routes(self):
        routes = self._service.routes().items()
        return {method: self._chain.around(method, endpoint) for method, endpoint in routes}


@pytest.fixture
def client(serve):
    """`client(policy)`: a client through both ends' policies, in which all is on that can be."""

    @asynccontextmanager
    async def made(**policy):
        chains = Chains(Policies.read({"hedge": True, "bulkhead": {"limit": 9}, **policy}))
        server = chains.server()
        async with server.running(()), serve(Behind(Sums(), server)) as connection:
            yield Sums.client(chains.client.through(connection))

    return made


async def test_what_passes_all_policies_arrives_unchanged(wire, client):
    limit = {"rate": 1000.0, "announce": True}
    async with client(rate_limit=limit, **{"laws.Sums": {"deadline": "1m"}}) as sums:
        for make, answer in (CALLS[kind] for kind in wire.kinds):
            assert [await make(sums), await make(sums)] == [answer, answer]


async def test_a_refusal_says_why_and_until_when(wire, client):
    async with client(rate_limit={"rate": 0.01, "burst": 1, "by": "method"}) as sums:
        for make, _ in (CALLS[kind] for kind in wire.kinds):
            await make(sums)
            with pytest.raises(ResourceExhausted) as refused:
                await make(sums)
            details = refused.value.details
            assert details["reason"] == "rate_limit"
            assert details["refused"].startswith("/laws.Sums/")
            assert 0 < details["retry_after"] <= 100
