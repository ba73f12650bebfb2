"""One service as a process: the place where all that it is made of is put together.

Start: discovery → clients of what the service needs → the service → shipping of logs → listeners.
Stop:  the same in reverse, for it is one exit stack.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit
from uuid import uuid4

from kitfox.app import (
    Config,
    Readiness,
    Server,
    ServiceConfig,
    WiringError,
    load_target,
    needs_of,
    wire,
)
from kitfox.cli._discovery import Discovery, discovery
from kitfox.cli._exit import Exit
from kitfox.cli._log_shipping import shipping
from kitfox.cli._signals import stop_signals
from kitfox.core import Service, service_name
from kitfox.net import ASGIApp, Notifier, is_loopback
from kitfox.registry import Registry
from kitfox.services.logs import Logs
from kitfox.transports.http import HTTP

# Peers on this machine are told of a change within milliseconds; others may be slower to hear.
_NOTICE_HERE = 0.5
_NOTICE_ELSEWHERE = 3.0

_log = logging.getLogger("kitfox.run")


@runtime_checkable
class HasSite(Protocol):
    """A service that answers plain HTTP beside its methods."""

    def asgi(self) -> ASGIApp:
        """Return what answers the paths that no method claims."""
        ...


async def serve(config: Config, name: str, notifier: Notifier) -> None:
    """Serve until a signal; a second one ends the process at once."""
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(Exit.INTERRUPTED)
        stopped.set()

    with stop_signals(stop):
        async with running(config, name) as addresses:
            _log.info("ready at %s", ", ".join(addresses))
            notifier.send(READY="1", X_ADDRESS=" ".join(addresses))
            await stopped.wait()
            notifier.send(STOPPING="1")
            _log.info("stopping")


@asynccontextmanager
async def running(config: Config, name: str) -> AsyncIterator[tuple[str, ...]]:
    """Serve one service of a system while the context is open; yields its addresses.

    Raises WiringError when its parts do not fit, OSError when an address cannot be had.
    """
    service, system = config.services[name], config.system
    factory = load_target(service.run)
    kinds = list(needs_of(factory).services.values())
    sought: list[type[Service]] = [*kinds, Logs] if system.logs else kinds
    instance = f"{name}-{uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(discovery(system, map(service_name, sought)))
        clients = await _clients(kinds, found, stack)
        made = wire(factory, service.settings, clients.__getitem__)
        if found and system.logs and _ships_logs(made, found):
            logs = Logs.client(await stack.enter_async_context(found.logs()))
            spool = system.state / "spool" / name
            await stack.enter_async_context(shipping(logs, spool, name, instance))
        server = _server(made, service, found, instance)
        yield await stack.enter_async_context(server.running())


async def _clients(
    kinds: Iterable[type[Service]], found: Discovery | None, stack: AsyncExitStack
) -> Mapping[type[Service], Service]:
    """Return a client for each other service that is needed."""
    clients: dict[type[Service], Service] = {}
    for kind in kinds:
        if found is None:
            raise WiringError(f"it needs {service_name(kind)}; say where [system] registry is")
        clients[kind] = kind.client(await stack.enter_async_context(found.cluster(kind)))
    return clients


def _ships_logs(made: Service, found: Discovery) -> bool:
    """Tell who can: not the log service its own, nor a registry that only tells its members."""
    return not isinstance(made, Logs) and (found.tells_all or not isinstance(made, Registry))


def _server(
    made: Service, service: ServiceConfig, found: Discovery | None, instance: str
) -> Server:
    readiness = Readiness()
    site = made.asgi() if isinstance(made, HasSite) else None
    joins = found if found and not isinstance(made, Registry) else None
    fallback = joins.mount(site) if joins else site
    here = all(is_loopback(urlsplit(url).hostname or "") for url in service.listen)
    return Server(
        made,
        listeners=[
            HTTP(_address(url), fallback=fallback, ready=readiness, title=service_name(made))
            for url in service.listen
        ],
        registrar=joins.registrar if joins else None,
        instance_id=instance,
        readiness=readiness,
        notice=_NOTICE_HERE if here else _NOTICE_ELSEWHERE,
    )


def _address(url: str) -> str:
    """Return what to bind for a URL; port 0 when it names none."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        raise WiringError(f"listen: {url} is not of a wire that can be served; expected http://")
    return parts.netloc if parts.port is not None else f"{parts.netloc}:0"
