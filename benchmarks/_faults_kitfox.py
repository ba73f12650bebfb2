"""Kitfox in the benchmark of failure: its servers, its clients, and the registry between them."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from typing import Final

from benchmarks._faults_job import DONE, PLACES, QUEUE, SERVICE, TIMEOUT, Broken, Do, Job, stopped
from benchmarks._faults_ledger import Ledger
from kitfox.app import ClientChain, Policies, Server, ServerChain, connect
from kitfox.core import Call, Endpoint, Internal, Middleware, Service, rpc
from kitfox.net import HTTPClient
from kitfox.registry import HTTPRegistrar
from kitfox.services.registry import Settings, build
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.msgpack import RPC

NOTICE: Final = 0.5  # seconds in which peers on this machine hear that a server goes
SERVERS: Final = {"bulkhead": {"limit": PLACES, "queue": QUEUE}}  # beside what is on by default


class Work(Service, name=SERVICE):
    """Something to do."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @rpc(idempotent=True)
    async def do(self) -> str:
        """Do it."""
        try:
            await self._job.run()
        except Broken:
            raise Internal("a bug") from None
        return DONE


async def serve(port: str, ledger: Ledger, registry: str) -> None:
    """Serve over MessagePack-RPC until told to stop."""
    async with HTTPClient() as client:
        server = Server(
            Work(Job(ledger)),
            listeners=[RPC(f":{port}")],
            middleware=[counting(ledger)],
            policies=ServerChain(Policies.read(SERVERS)),
            registrar=HTTPRegistrar(HTTPConnection(registry, client=client)),
            notice=NOTICE,
        )
        async with server.running():
            await stopped()


async def serve_registry(port: str, database: str) -> None:
    """Run a registry, as `kitfox up` does."""
    service = build(Settings(database=database))
    server = Server(service, listeners=[HTTP(f":{port}", fallback=service.asgi())])
    async with server.running():
        await stopped()


def counting(ledger: Ledger) -> Middleware:
    """Count what comes, before any policy sees it."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        def counted(call: Call, message: object) -> Awaitable[object]:
            if call.method.service == SERVICE:
                ledger.count()
            return endpoint(call, message)

        return counted

    return wrap


@asynccontextmanager
async def client(
    registry: str, said: Mapping[str, object] = MappingProxyType({})
) -> AsyncIterator[Do]:
    """Yield what makes one call to whom the registry knows."""
    chain = ClientChain(Policies.read(said))
    async with connect(f"kitfox://{SERVICE}", registry=registry, policies=chain) as connection:
        yield Work.client(connection, timeout=TIMEOUT).do


def usual(_: Sequence[int], registry: str) -> AbstractAsyncContextManager[Do]:
    """Return a client with all that there is by default."""
    return client(registry)


def hedging(_: Sequence[int], registry: str) -> AbstractAsyncContextManager[Do]:
    """Return a client that hedges, too."""
    return client(registry, {"hedge": True})
