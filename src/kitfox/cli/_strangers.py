"""Policies about services that nobody in a system serves or calls: most likely they are misspelt.

Nobody can tell before all of a system is up. A process that is the whole of it tells then; others
let their supervisor know which services they have to do with, and it tells when all have said so.
As nobody knows all services that there may be, it is no error.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from kitfox.app import Chains, Config
from kitfox.net import Notifier
from kitfox.supervisor import Row, State

_log = logging.getLogger("kitfox.run")


class Strangers:
    """Tells of them once, when all processes of a system are ready."""

    def __init__(self, config: Config, tell: Callable[[str], None]) -> None:
        self._config = config
        self._tell = tell
        self._done = config.system.together or len(config.services) == 1

    def changed(self, rows: Iterable[Row]) -> None:
        """Hear how the processes do."""
        if self._done or any(row.state is not State.READY for row in rows):
            return
        self._done = True
        known = {service for row in rows for service in row.services}
        for stranger in self._config.policies.strangers(known):
            self._tell(f"{self._config.file}: {stranger}")


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
