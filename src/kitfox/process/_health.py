"""The watchdog and the probes of a process, as its configuration asks for them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from kitfox.app import HealthConfig
from kitfox.health import Probes, Readiness, Watchdog
from kitfox.net import Bind


def watchdog_of(configs: Iterable[HealthConfig]) -> Watchdog:
    """Return what watches a loop that several services share: the strictest of them counts."""
    known = list(configs)
    return Watchdog(
        dump_after=min(each.dump_after for each in known).total_seconds(),
        dead_after=min(each.dead_after for each in known).total_seconds(),
    )


@asynccontextmanager
async def probing(
    config: HealthConfig, readiness: Readiness, watchdog: Watchdog, token: str, bind: Bind
) -> AsyncIterator[None]:
    """Answer probes while the context is open, where they are asked for.

    Raises OSError when their address cannot be had.
    """
    if not config.probes:
        yield
        return
    probes = Probes(config.probes, readiness, watchdog=watchdog, token=token or None, bind=bind)
    async with probes:
        yield
