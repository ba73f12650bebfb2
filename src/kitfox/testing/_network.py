"""A network in memory: the real registry, real servers and clusters, and hosts that can be killed.

What is not real is the wire, which is `kitfox.transports.memory`; and, as a rule, the time.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from random import Random
from types import TracebackType
from typing import Final, Self

from kitfox.app import Cluster, Server
from kitfox.balancing import P2C, Among, Balancer, Node
from kitfox.core import (
    Call,
    Connection,
    Endpoint,
    Middleware,
    Service,
    Through,
    Unreachable,
    service_name,
)
from kitfox.registry import DEFAULT_TTL, HTTPRegistrar, HTTPResolver, Instance
from kitfox.services.registry import RegistryService, Settings
from kitfox.testing._faulty_wire import Faults, FaultyWire
from kitfox.testing._host import Host

Factory = Callable[[], Service | AbstractAsyncContextManager[Service]]

_REGISTRY: Final = "registry"
_CLIENT: Final = "client"


class Network(AbstractAsyncContextManager["Network"]):
    """Hosts that reach each other; leaving it kills them all.

    Two are there from the start: `registry`, and `client`, where the test stands. All chance comes
    from one `seed`. In seconds, `delay` is how long a message takes from host to host, `ttl` how
    long an instance stays known when its host is killed, `notice` how long a host that stops waits
    for its peers to hear of it.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        delay: float = 0.0005,
        ttl: float = DEFAULT_TTL,
        notice: float = 0.1,
    ) -> None:
        self._draw = Random(seed).random
        self._delay = delay
        self._ttl = ttl
        self._notice = notice
        self._apart: frozenset[str] = frozenset()
        self._wires: dict[frozenset[str], FaultyWire] = {}
        self._hosts: dict[str, Host] = {}
        self._exit = AsyncExitStack()
        self.registry = self._add(_REGISTRY, self._registry)
        self.client = self._add(_CLIENT, partial(self._server, (), ()))

    async def __aenter__(self) -> Self:
        """Start the registry."""
        await self.registry.start()
        await self.client.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill all hosts, the registry last. Raises what their services raise at their end."""
        await self._exit.aclose()

    @property
    def hosts(self) -> Mapping[str, Host]:
        """All hosts by their names."""
        return self._hosts

    async def add(
        self, name: str, *services: Factory, middleware: Sequence[Middleware] = ()
    ) -> Host:
        """Start a host; at each of its starts it runs what these classes or functions make.

        What they make is a service, or an async context manager that yields one. Their instances
        have the host's name for their id; calls to them pass `middleware`, the first one first.
        Raises what they raise at the start.

        Raises:
            ValueError: there is a host of that name.
        """
        if name in self._hosts:
            msg = f"there is a host {name!r} already"
            raise ValueError(msg)
        host = self._add(name, partial(self._server, services, middleware))
        await host.start()
        return host

    @asynccontextmanager
    async def cluster(
        self,
        service: type[Service],
        *,
        at: str = _CLIENT,
        balancer: Balancer | None = None,
        among: Among | None = None,
        guard: Callable[[Node], Middleware] | None = None,
    ) -> AsyncGenerator[Cluster]:
        """Open a `Cluster` of the service's instances, as a host sees them."""
        resolver = HTTPResolver(self.connection(_REGISTRY, at=at), draw=self._draw)
        try:
            async with Cluster(
                service_name(service),
                resolver=resolver,
                dial=lambda url: self.connection(url.removeprefix("memory:"), at=at),
                schemes=["memory"],
                balancer=balancer or P2C(draw=self._draw),
                among=among,
                guard=guard,
            ) as cluster:
                yield cluster
        finally:
            await resolver.aclose()

    def connection(self, to: str, *, at: str = _CLIENT) -> Connection:
        """Return the way from one host to another.

        Raises:
            KeyError: there is no such host.
        """
        source, target = self._hosts[at], self._hosts[to]
        wires = (source.outward, self._between(at, to), target.inward)
        return Through(target.memory, _while_up(source, target), *wires)

    def partition(self, *names: str) -> None:
        """Let nothing pass between these hosts and all others: it waits until it can."""
        self._apart = frozenset(names)
        for pair, wire in self._wires.items():
            wire.faults = self._faults(pair)

    def heal(self) -> None:
        """Let everything pass again."""
        self.partition()

    def _between(self, one: str, other: str) -> FaultyWire:
        pair = frozenset((one, other))
        if pair not in self._wires:
            self._wires[pair] = FaultyWire(self._faults(pair), draw=self._draw)
        return self._wires[pair]

    def _faults(self, pair: frozenset[str]) -> Faults:
        parted = bool(pair & self._apart and pair - self._apart)
        return Faults(delay=self._delay, stalled=parted)

    def _add(
        self, name: str, server: Callable[[Host], AbstractAsyncContextManager[object]]
    ) -> Host:
        host = self._hosts[name] = Host(name, server, draw=self._draw)
        self._exit.push_async_callback(host.kill)
        return host

    def _registry(self, host: Host) -> AbstractAsyncContextManager[object]:
        clock = asyncio.get_running_loop().time
        registry = RegistryService(Settings(), wall=clock, draw=self._draw)
        return Server(registry, listeners=[host], notice=0.0).running()

    @asynccontextmanager
    async def _server(
        self, factories: Sequence[Factory], middleware: Sequence[Middleware], host: Host
    ) -> AsyncGenerator[None]:
        registrar = HTTPRegistrar(
            self.connection(_REGISTRY, at=host.name), ttl=self._ttl, draw=self._draw
        )
        async with AsyncExitStack() as stack:
            server = Server(
                *[await _made(factory, stack) for factory in factories],
                listeners=[host],
                middleware=middleware,
                registrar=_Known(registrar, host, self._notice),
                instance_id=host.name,
                notice=0.0,
            )
            await stack.enter_async_context(server.running())
            yield


async def _made(factory: Factory, stack: AsyncExitStack) -> Service:
    made = factory()
    return made if isinstance(made, Service) else await stack.enter_async_context(made)


class _Known:
    """A registrar for a host: the peers of one that was killed are given no time to notice."""

    def __init__(self, registrar: HTTPRegistrar, host: Host, notice: float) -> None:
        self.register = registrar.register
        self._registrar = registrar
        self._host = host
        self._notice = notice

    async def deregister(self, instance: Instance) -> None:
        await self._registrar.deregister(instance)
        if self._host.up:
            await asyncio.sleep(self._notice)


def _while_up(source: Host, target: Host) -> Middleware:
    """Return a middleware that lets no call through when either side is down."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call_if_up(call: Call, message: object) -> object:
            for host in (source, target):
                if not host.up:
                    raise Unreachable(f"{host.name} is down")
            return await endpoint(call, message)

        return call_if_up

    return wrap
