"""All services of a system in one process. They meet without a wire; nothing else is different."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

from kitfox.app import Chains, Config, Neighbours, load_target, made_by, start_order
from kitfox.core import service_name
from kitfox.net import Sockets
from kitfox.process._health import watchdog_of
from kitfox.process._log_shipping import shipping
from kitfox.process._running import running
from kitfox.services.logs import Logs


@asynccontextmanager
async def running_together(
    config: Config, chains: Chains | None = None, sockets: Sockets | None = None
) -> AsyncIterator[tuple[str, ...]]:
    """Serve all services of a system while the context is open; yields their addresses.

    Raises what `running` raises of each.
    """
    targets = {name: load_target(service.run) for name, service in config.services.items()}
    chains = chains or Chains(config.policies)
    kinds = [made_by(target) for target in targets.values()]
    neighbours = Neighbours(kinds, token=config.system.token)
    addresses: list[str] = []
    watchdog = watchdog_of(service.health for service in config.services.values())
    async with AsyncExitStack() as around, AsyncExitStack() as stack:
        for name in (name for wave in start_order(config) for name in wave):
            each = running(config, name, neighbours, chains, sockets, watchdog)
            found = await stack.enter_async_context(each)
            at = 0 if config.services[name].open else len(addresses)
            addresses[at:at] = found  # the one to open comes first
        logs = neighbours.connection(service_name(Logs))
        if logs and config.system.logs:
            system, spool = config.system, config.system.state / "spool" / "together"
            instance = f"{system.name}-{uuid4().hex[:8]}"
            await stack.enter_async_context(
                shipping(Logs.client(logs), spool, system.name, instance)
            )
        await around.enter_async_context(watchdog)
        yield tuple(addresses)
