"""Policies are the same over every wire, for all kinds of method."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kitfox import Kind, ResourceExhausted, Service, rpc
from kitfox.app import Chains, Policies


class Sums(Service, name="laws.Sums"):
    @rpc(idempotent=True)
    async def add(self, a: int, b: int) -> int:
        return a + b

    @rpc(idempotent=True)
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])

    @rpc
    async def totals(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        total = 0
        async for number in numbers:
            total += number
            yield total


class Behind:
    """A service behind a server's policies."""

    def __init__(self, service, chain):
        self._service = service
        self._chain = chain

    def routes(self):
        routes = self._service.routes().items()
        return {method: self._chain.around(method, endpoint) for method, endpoint in routes}


async def stream_of(*items):
    for item in items:
        yield item


async def collect(stream):
    return [item async for item in stream]


CALLS = {
    Kind.UNARY: (lambda sums: sums.add(2, 3), 5),
    Kind.SERVER_STREAM: (lambda sums: collect(sums.count(3)), [0, 1, 2]),
    Kind.CLIENT_STREAM: (lambda sums: sums.total(stream_of(1, 2, 3)), 6),
    Kind.BIDI_STREAM: (lambda sums: collect(sums.totals(stream_of(1, 2, 3))), [1, 3, 6]),
}


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
