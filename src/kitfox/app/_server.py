"""Services, listeners and a registrar put together.

Start: enter the services → listen → register what is advertised → ready.
Stop:  not ready → tell clients to leave → deregister → wait until the peers have noticed → drain
       → leave the services.

It is one exit stack: the stop is the start in reverse by construction. Listeners drain side by
side, lest the first of them goes on taking calls for as long as the others may finish theirs.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from functools import partial
from typing import Protocol, runtime_checkable

from kitfox.app._advertise import Advertise, advertised, asks_the_machine, machine_addresses
from kitfox.app._server_chain import ServerChain
from kitfox.app._signals import first_signal
from kitfox.app._stop_times import NOTICE
from kitfox.core import (
    Endpoint,
    Listener,
    Method,
    Middleware,
    Service,
    methods_of,
    service_name,
)
from kitfox.health import HasChecks, Readiness
from kitfox.registry import Instance, Registrar
from kitfox.schema import Reflection

_log = logging.getLogger("kitfox.app")


class UnsupportedKind(Exception):
    """A listener cannot carry one of the methods, and `strict` asks for all of them."""


@runtime_checkable
class Remote(Protocol):
    """A listener at somebody else's server, which it may lose for a while."""

    @property
    def connected(self) -> bool:
        """Whether calls can come in."""
        ...


@runtime_checkable
class Forewarning(Protocol):
    """A listener that tells its clients to leave before it stops, so that none meets the end."""

    def leave(self) -> None:
        """Tell them, and go on serving."""
        ...


class Server:
    """Serves some services on some listeners.

    - `beside` are services that nobody is told of: neither the registry nor documents
    - `middleware` every call of every service passes, the first one first
    - `policies` are what calls pass beside it: the defaults unless others are given
    - `registrar` makes each service known, under `instance_id`, with the listeners' addresses
    - `metadata` is what it says of the instance: its zone, say, for clients that prefer one
    - `advertise` is what takes their place, when others reach them by another: a host, `host:port`
      or a whole URL; a listener at all addresses of a machine is advertised at that of its name
    - `readiness` is what `/readyz` shows; give the same object to the listeners and to `Probes`. It
      has the checks of the services that have some
    - `notice`: how long, in seconds, peers may take to notice that this instance is closing;
      `linger`, how long clients may, where nobody is told but they
    - `strict`: refuse to start when a listener cannot carry a method, instead of a warning

    Callers are told what there is by `kitfox.v1.Reflection`, which is served beside the services.
    Without listeners it serves nobody, and only keeps its services open.

    Raises:
        AdvertiseError: `advertise` is no address.
        ValueError: two services implement one contract, or have a check of the same name.
    """

    def __init__(  # noqa: PLR0913 - here everything is put together, by name
        self,
        *services: Service,
        listeners: Sequence[Listener],
        beside: Sequence[Service] = (),
        middleware: Sequence[Middleware] = (),
        policies: ServerChain | None = None,
        registrar: Registrar | None = None,
        metadata: Mapping[str, str] | None = None,
        advertise: str = "",
        instance_id: str = "",
        readiness: Readiness | None = None,
        notice: float = NOTICE,
        linger: float = 0.0,
        strict: bool = False,
    ) -> None:
        _check_contracts([*services, *beside])
        self._services = services
        self._beside = beside
        self._listeners = listeners
        self._middleware = middleware
        self._policies = policies or ServerChain()
        self._registrar = registrar
        self._metadata = metadata or {}
        self._advertise = Advertise.parse(advertise)
        self._instance_id = instance_id
        self._readiness = readiness or Readiness()
        self._notice = notice
        self._linger = linger
        self._strict = strict
        self._stop = asyncio.Event()
        for listener in listeners:
            if isinstance(listener, Remote):
                self._readiness.require(partial(getattr, listener, "connected"))
        for service in services:
            for check in service.health_checks() if isinstance(service, HasChecks) else ():
                self._readiness.checks.add(check)

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `stop`; a second signal has its usual, rude effect.

        Signals belong to the main thread: in another one, only `stop` ends it.
        """
        with first_signal(self.stop):
            async with self.running():
                await self._stop.wait()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[tuple[str, ...]]:
        """Serve while the context is open; yields the addresses that others are told.

        Raises:
            UnsupportedKind: with `strict`, when a listener cannot carry a method.
            OSError: an address cannot be had.
            AdvertiseError: nobody can call a listener's address, and no other is advertised.
        """
        async with AsyncExitStack() as stack:
            for service in (*self._services, *self._beside):
                if isinstance(service, AbstractAsyncContextManager):
                    await stack.enter_async_context(service)
            await stack.enter_async_context(self._policies.running(self._middleware))
            routes = self._routes()
            listening = _listening(each.listen(routes) for each in self._listeners)
            addresses = await self._told(await stack.enter_async_context(listening))
            await stack.enter_async_context(self._known(addresses))
            self._readiness.set(ready=True)
            stack.callback(self._leave)
            stack.callback(self._readiness.set, ready=False)
            yield addresses

    def _leave(self) -> None:
        for listener in self._listeners:
            if isinstance(listener, Forewarning):
                listener.leave()

    def _routes(self) -> Mapping[Method, Endpoint]:
        routes = self._wrapped(self._services)
        for listener in self._listeners:
            self._check_kinds(listener, routes)
        return {**routes, **self._wrapped([Reflection(routes), *self._beside])}

    def _wrapped(self, services: Iterable[Service]) -> dict[Method, Endpoint]:
        return {
            method: self._policies.around(method, endpoint)
            for service in services
            for method, endpoint in service.routes().items()
        }

    def _check_kinds(self, listener: Listener, routes: Mapping[Method, Endpoint]) -> None:
        missing = [method for method in routes if method.kind not in listener.kinds]
        for method in missing:
            _log.warning(
                "%s cannot carry %s (%s)", type(listener).__name__, method.path, method.kind.value
            )
        if missing and self._strict:
            paths = ", ".join(method.path for method in missing)
            msg = f"{type(listener).__name__} cannot carry {paths}"
            raise UnsupportedKind(msg)

    async def _told(self, listening: Sequence[str]) -> tuple[str, ...]:
        """Return the addresses that others are told, where there are others."""
        if self._registrar is None:
            return tuple(listening)
        asked = asks_the_machine(listening, self._advertise)
        return advertised(listening, self._advertise, await machine_addresses() if asked else ())

    @asynccontextmanager
    async def _known(self, addresses: tuple[str, ...]) -> AsyncGenerator[None]:
        """Be registered; in the end go on serving until those who know have heard the news."""
        registrar, instances = self._registrar, self._instances(addresses)
        if registrar is None or not instances:
            try:
                yield
            finally:
                await asyncio.sleep(self._linger)
            return
        told = False
        try:
            async with AsyncExitStack() as stack:
                for instance in instances:
                    await registrar.register(instance)
                    stack.push_async_callback(registrar.deregister, instance)
                    told = True
                yield
        finally:
            if told:
                await asyncio.sleep(self._notice)

    def _instances(self, addresses: tuple[str, ...]) -> list[Instance]:
        if not addresses:
            return []
        names = sorted({service_name(service) for service in self._services} - {""})
        return [
            Instance(
                service=name,
                id=self._instance_id or addresses[0],
                addresses=addresses,
                metadata=self._metadata,
            )
            for name in names
        ]


@asynccontextmanager
async def _listening(
    listeners: Iterable[AbstractAsyncContextManager[str]],
) -> AsyncGenerator[list[str]]:
    """Enter them in their order, and leave them all at once: each has its grace to drain."""
    stacks: list[AsyncExitStack] = []
    try:
        addresses: list[str] = []
        for listener in listeners:
            stack = AsyncExitStack()
            addresses.append(await stack.enter_async_context(listener))
            stacks.append(stack)
        yield addresses
    finally:
        ended = await asyncio.gather(
            *(each.aclose() for each in reversed(stacks)), return_exceptions=True
        )
        _raise_any([error for error in ended if error is not None])


def _raise_any(errors: list[BaseException]) -> None:
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup("listeners did not stop well", errors)


def _check_contracts(services: Sequence[Service]) -> None:
    """Check that no method has two implementations, of which one would silently win."""
    served: dict[Method, Service] = {}
    for service in services:
        for method in methods_of(service).values():
            if (other := served.setdefault(method, service)) is not service:
                names = f"{type(other).__name__} and {type(service).__name__}"
                msg = f"{names} both serve {method.path}"
                raise ValueError(msg)
