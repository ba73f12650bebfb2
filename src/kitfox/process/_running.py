"""One service as a process: the place where all that it is made of is put together.

Start: discovery → clients of what the service needs → the service → shipping of logs → listeners.
Stop:  the same in reverse, for it is one exit stack.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple, Protocol, runtime_checkable
from urllib.parse import urlsplit
from uuid import uuid4

from kitfox.app import (
    Chains,
    ClientChain,
    Config,
    Control,
    Neighbours,
    Server,
    ServiceConfig,
    WiringError,
    authenticating,
    load_target,
    name_of_socket,
    needs_of,
    notice_of,
    tls_of,
    wire,
)
from kitfox.core import Method, Middleware, Service, methods_of, service_name
from kitfox.health import Readiness, Watchdog
from kitfox.net import ASGIApp, Bind, Sockets
from kitfox.process._discovery import Discovery, discovery
from kitfox.process._health import probing, watchdog_of
from kitfox.process._listeners import as_open_as_said, listeners
from kitfox.process._log_shipping import shipping
from kitfox.registry import Registry
from kitfox.services.logs import Logs
from kitfox.transports.http import HTTPOptions

_log = logging.getLogger("kitfox.run")


@runtime_checkable
class HasSite(Protocol):
    """A service that answers plain HTTP beside its methods."""

    def asgi(self) -> ASGIApp:
        """Return what answers the paths that no method claims."""
        ...


class _Process(NamedTuple):
    """What a process has for itself."""

    instance: str
    readiness: Readiness
    bind_for: Callable[[str], Bind]


@asynccontextmanager
async def running(
    config: Config,
    name: str,
    neighbours: Neighbours | None = None,
    chains: Chains | None = None,
    sockets: Sockets | None = None,
    watchdog: Watchdog | None = None,
) -> AsyncIterator[tuple[str, ...]]:
    """Serve one service of a system while the context is open; yields its addresses.

    Those of its `neighbours` that run in this process it calls there; `chains` are what its calls
    pass, if others than the configuration's policies. It listens at the `sockets` that are there.
    The `watchdog` watches the loop already; without one, it has its own.

    Raises ConfigError for a policy of a method that there is not, WiringError when its parts do not
    fit, AdvertiseError when others could not call it, OSError when an address cannot be had.
    """
    service, system = config.services[name], config.system
    factory = load_target(service.run)
    needs = needs_of(factory)
    kinds = list(needs.services.values())
    sought: list[type[Service]] = [*kinds, Logs] if system.logs else kinds
    bind_for = partial(_bind, sockets or Sockets(), name)
    own = _Process(f"{name}-{uuid4().hex[:8]}", Readiness(), bind_for)
    tls, chains = tls_of(service.tls), chains or Chains(config.policies)
    watching = watchdog or watchdog_of([service.health])
    async with AsyncExitStack() as around, AsyncExitStack() as stack:
        probes = probing(service.health, own.readiness, watching, system.token, bind_for("probes"))
        await around.enter_async_context(probes)
        joining = discovery(system, tls, map(service_name, sought), chains.client)
        found = await stack.enter_async_context(joining)
        chains.check(_methods(*kinds), where=str(config.file))
        clients = await _clients(kinds, found, chains.client, stack, neighbours)
        settings = _with_token(service.settings, system.token, needs.settings.values())
        made = wire(factory, settings, clients.__getitem__)
        chains.check(_methods(made), where=str(config.file))
        asking = authenticating(service.auth, config.file.parent, token=system.token)
        middleware = await stack.enter_async_context(asking)
        if neighbours is not None:
            await stack.enter_async_context(neighbours.listen(made, middleware))
        elif found and system.logs and _ships_logs(made, found):
            logs = Logs.client(await found.reach_logs(stack))
            spool = system.state / "spool" / name
            await stack.enter_async_context(shipping(logs, spool, name, own.instance))
        server = _server(made, service, found, own, system.token, chains, middleware)
        addresses = await stack.enter_async_context(server.running())
        if watchdog is None:
            await around.enter_async_context(watching)  # a start may block the loop, a stop may not
        yield addresses


def _bind(sockets: Sockets, name: str, url: str) -> Bind:
    """Open a URL's socket, unless it is there: as our supervisor names it, or as a person does."""
    by_hand = f"{name}.{urlsplit(url).scheme or url}"  # systemd's names have no colons
    names = (name_of_socket(name, url), by_hand)
    return lambda address: as_open_as_said(sockets.bind(address, *names), address)


def _methods(*services: Service | type[Service]) -> list[Method]:
    return [method for each in services for method in methods_of(each).values()]


def _with_token(
    settings: Mapping[str, object], token: str, kinds: Iterable[type]
) -> Mapping[str, object]:
    """Return the settings; a registry's have the system's token, unless they say another."""
    if not token:
        return settings
    from kitfox.services.registry import Settings as RegistrySettings

    return {"token": token, **settings} if RegistrySettings in kinds else settings


async def _clients(
    kinds: Iterable[type[Service]],
    found: Discovery | None,
    policies: ClientChain,
    stack: AsyncExitStack,
    neighbours: Neighbours | None,
) -> Mapping[type[Service], Service]:
    """Return a client for each other service that is needed."""
    clients: dict[type[Service], Service] = {}
    for kind in kinds:
        if neighbours and (near := neighbours.connection(service_name(kind))):
            clients[kind] = kind.client(policies.through(near))
            continue
        if found is None:
            raise WiringError(f"it needs {service_name(kind)}; say where [system] registry is")
        clients[kind] = kind.client(await found.reach(kind, stack))
    return clients


def _ships_logs(made: Service, found: Discovery) -> bool:
    """Tell who can: not the log service its own, nor a registry that only tells its members."""
    return not isinstance(made, Logs) and (found.tells_all or not isinstance(made, Registry))


def _server(
    made: Service,
    service: ServiceConfig,
    found: Discovery | None,
    own: _Process,
    token: str,
    chains: Chains,
    middleware: Sequence[Middleware],
) -> Server:
    site = made.asgi() if isinstance(made, HasSite) else None
    joins = found if found and not isinstance(made, Registry) else None
    options = HTTPOptions(
        fallback=joins.mount(site) if joins else site,
        ready=own.readiness.ask,
        title=service_name(made),
    )
    if service.hosts or service.public:
        options["hosts"] = None if service.public else service.hosts
    # The registry asks for tokens itself: of some, and not in the original protocol.
    public = service.public or isinstance(made, Registry)
    strangers = public or bool(service.hosts or service.auth)  # or others than operators
    tls = tls_of(service.tls)
    notice = notice_of(service)
    return Server(
        made,
        listeners=listeners(
            service.listen, options, token=token, public=public, tls=tls, bind_for=own.bind_for
        ),
        middleware=middleware,
        beside=_beside(chains.client, token, strangers=strangers),
        policies=chains.server(),
        registrar=joins.registrar if joins else None,
        metadata=service.metadata,
        advertise=service.advertise,
        instance_id=own.instance,
        readiness=own.readiness,
        notice=notice,
        linger=notice,
    )


def _beside(policies: ClientChain, token: str, *, strangers: bool) -> list[Service]:
    """Return what the operator asks; without a token, not where strangers may come."""
    return [Control(policies.breakers, token=token)] if token or not strangers else []
