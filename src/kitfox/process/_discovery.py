"""How a process finds the others of its system, and makes itself known to them."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from inspect import getattr_static
from typing import Protocol

from kitfox.app import (
    ORIGINAL,
    ClientChain,
    Cluster,
    System,
    dial,
    names_in_original,
    schemes,
)
from kitfox.balancing import Node
from kitfox.core import Connection, Middleware, Service, chain, service_name
from kitfox.net import TLS, ASGIApp, HTTPClient
from kitfox.process._original_logs import dial_text_log
from kitfox.registry import DiskCache, HTTPRegistrar, HTTPResolver, Registrar, Resolver, bearer
from kitfox.registry.original import OriginalRegistry
from kitfox.services.logs import Logs

_HTTP = ("http+unix", "http", "https")  # what somebody else's protocol is spoken over

Mount = Callable[[ASGIApp | None], ASGIApp | None]
Guard = Callable[[Node], Middleware]


class Dial(Protocol):
    """How a connection is made."""

    def __call__(self, url: str, client: HTTPClient) -> Connection:
        """Return a connection to `url` whose sockets belong to `client`."""
        ...


@dataclass(frozen=True, slots=True)
class Discovery:
    """The registry of a system, as one of its processes uses it.

    `mount` puts what the registry's protocol asks of the process before its own site, `dial_logs`
    is how the log service is spoken to, and `tells_all` says whether those who are not registered
    can find others as well.
    """

    registrar: Registrar
    resolver: Resolver
    client: HTTPClient
    tls: TLS | None
    token: str
    policies: ClientChain
    mount: Mount
    dial_logs: Dial
    tells_all: bool

    async def reach(self, kind: type[Service], stack: AsyncExitStack) -> Connection:
        """Connect to whoever serves a contract, for as long as the stack is open."""
        return self.policies.through(await self._reach(kind, _dial_of(kind), stack))

    async def reach_logs(self, stack: AsyncExitStack) -> Connection:
        """Connect to the log service, for as long as the stack is open."""
        return await self._reach(Logs, self.dial_logs, stack)

    async def _reach(self, kind: type[Service], dialler: Dial, stack: AsyncExitStack) -> Connection:
        ours = dialler is dial
        dialled: Dial = partial(dial, tls=self.tls, token=self.token) if ours else dialler
        cluster = Cluster(
            service_name(kind),
            resolver=self.resolver,
            dial=partial(dialled, client=self.client),
            schemes=schemes() if ours else _HTTP,
            balancer=self.policies.balancer(service_name(kind)),
            among=self.policies.among(service_name(kind)),
            guard=self._guard(service_name(kind), shows=ours),
        )
        return await stack.enter_async_context(cluster)

    def _guard(self, service: str, *, shows: bool) -> Guard:
        """Return what calls on a node pass: its breaker, and showing who calls.

        Some wires show the token when they connect, and not with each call, where services that
        ask who calls look for it. Through NATS it would go to whoever listens there.
        """
        breaker = self.policies.guard(service)

        def guard(node: Node) -> Middleware:
            layers = [] if breaker is None else [breaker(node)]
            withheld = not shows or node.address.startswith("nats:")
            return chain(*layers, bearer("" if withheld else self.token))

        return guard


def _dial_of(kind: type[Service]) -> Dial:
    """Return a contract's own way, for those spoken over somebody else's protocol, or ours."""
    own: Dial = getattr(kind, "dial", dial)
    return own if isinstance(getattr_static(kind, "dial", None), staticmethod) else dial


@asynccontextmanager
async def discovery(
    system: System, tls: TLS | None, requires: Iterable[str], policies: ClientChain
) -> AsyncIterator[Discovery | None]:
    """Join the system's registry, or nothing when it has none.

    `tls` is how this process proves who it is, and whom it trusts; `requires` names the services
    that will be looked for, and `policies` are what the calls to them pass.
    """
    async with AsyncExitStack() as stack:
        if (url := system.registry) is None:
            yield None
            return
        client = await stack.enter_async_context(HTTPClient(tls=tls))
        if url.startswith(ORIGINAL):
            yield _original(url.removeprefix(ORIGINAL), system, client, requires, policies, stack)
        else:
            yield _kitfox(url, system, client, tls, policies, stack)


def _kitfox(
    url: str,
    system: System,
    client: HTTPClient,
    tls: TLS | None,
    policies: ClientChain,
    stack: AsyncExitStack,
) -> Discovery:
    registry = dial(url, client, tls=tls)
    cache = DiskCache(system.state / "peers")
    resolver = HTTPResolver(registry, token=system.token, cache=cache)
    stack.push_async_callback(resolver.aclose)
    registrar = HTTPRegistrar(registry, token=system.token)
    stack.push_async_callback(registrar.aclose)
    return Discovery(
        registrar,
        resolver,
        client,
        tls,
        system.token,
        policies,
        lambda site: site,
        dial,
        tells_all=True,
    )


def _original(
    url: str,
    system: System,
    client: HTTPClient,
    requires: Iterable[str],
    policies: ClientChain,
    stack: AsyncExitStack,
) -> Discovery:
    names = names_in_original(system)
    registry = OriginalRegistry(url, client, requires=requires, names=names)
    stack.push_async_callback(registry.aclose)
    return Discovery(
        registry,
        registry,
        client,
        None,
        system.token,
        policies,
        registry.asgi,
        dial_text_log,
        tells_all=False,
    )
