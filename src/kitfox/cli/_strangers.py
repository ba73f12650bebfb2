"""Policies about services that nobody in a system serves or calls: most likely they are misspelt.

Only who runs the whole system can tell, once all of it is up; and as nobody knows all services that
there may be, it is no error.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from kitfox.app import Chains, Config

_log = logging.getLogger("kitfox.run")


@asynccontextmanager
async def telling_strangers(
    services: AbstractAsyncContextManager[tuple[str, ...]], config: Config, chains: Chains
) -> AsyncIterator[tuple[str, ...]]:
    """Run services that are all of a system, and tell, when they are up, of such policies."""
    async with services as addresses:
        for stranger in config.policies.strangers(chains.services):
            _log.warning("%s: %s", config.file, stranger)
        yield addresses
