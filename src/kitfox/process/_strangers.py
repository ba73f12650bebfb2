"""Policies about services that nobody in a system serves or calls: most likely they are misspelt.

Nobody can tell before all of a system is up. A process that is the whole of it tells then; others
let their supervisor know which services they have to do with, and it tells: `_system_strangers.py`.
As nobody knows all services that there may be, it is no error.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from kitfox.app import Chains, Config
from kitfox.net import Notifier

_log = logging.getLogger("kitfox.run")


@asynccontextmanager
async def telling_strangers(
    services: AbstractAsyncContextManager[tuple[str, ...]],
    config: Config,
    chains: Chains,
    notifier: Notifier,
    *,
    whole: bool,
) -> AsyncIterator[tuple[str, ...]]:
    """Run services of a system, and tell of such policies if they are the `whole` of it."""
    async with services as addresses:
        if not whole:
            notifier.send(X_SERVICES=" ".join(sorted(chains.services)))
        for stranger in config.policies.strangers(chains.services) if whole else ():
            _log.warning("%s: %s", config.file, stranger)
        yield addresses
