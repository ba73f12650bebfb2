"""How a process finds the others of its system, and makes itself known to them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple

from kitfox.app import Cluster, System, dial
from kitfox.core import Service, service_name
from kitfox.net import HTTPClient
from kitfox.registry import DiskCache, HTTPRegistrar, HTTPResolver, Registrar, Resolver


class Discovery(NamedTuple):
    """The registry of a system, as one of its processes uses it."""

    registrar: Registrar
    resolver: Resolver
    client: HTTPClient

    def cluster(self, kind: type[Service]) -> Cluster:
        """Return a connection to whoever serves a contract; to be entered."""
        dialled = partial(dial, client=self.client)
        return Cluster(service_name(kind), resolver=self.resolver, dial=dialled)


@asynccontextmanager
async def discovery(system: System) -> AsyncIterator[Discovery | None]:
    """Join the system's registry, or nothing when it has none."""
    if system.registry is None:
        yield None
        return
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(HTTPClient())
        registry = dial(system.registry, client)
        resolver = HTTPResolver(
            registry, token=system.token, cache=DiskCache(system.state / "peers")
        )
        stack.push_async_callback(resolver.aclose)
        registrar = HTTPRegistrar(registry, token=system.token)
        stack.push_async_callback(registrar.aclose)
        yield Discovery(registrar, resolver, client)
