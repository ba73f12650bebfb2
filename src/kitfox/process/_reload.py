"""Reading the configuration again while services run: policies change at once, all else at a start.

A file that is wrong changes nothing.
"""

import logging
from collections.abc import Callable, Iterator

from kitfox.app import Chains, Config, ConfigError

Reread = Callable[[], Config]
"""Reads the configuration as it was read at the start; raises ConfigError."""

_log = logging.getLogger("kitfox.run")


class Reloading:
    """Lets a process have the policies of a file that has changed; and says what must wait."""

    def __init__(self, config: Config, chains: Chains, reread: Reread) -> None:
        self._begun = config
        self._chains = chains
        self._reread = reread

    def __call__(self) -> None:
        """Read it, and take what can be taken."""
        try:
            config = self._reread()
            self._chains.replace(config.policies, where=str(config.file))
        except ConfigError as error:
            _log.error("the policies stay as they were: %s", error)
            return
        _log.info("the policies are those of %s", config.file)
        for key in waiting(self._begun, config):
            _log.warning("%s has changed; that takes effect at the next start", key)


def waiting(before: Config, now: Config) -> Iterator[str]:
    """Yield the keys of what has changed, and cannot be changed in a process that runs."""
    if before.system != now.system:
        yield "system"
    for name in sorted(before.services.keys() | now.services.keys()):
        if before.services.get(name) != now.services.get(name):
            yield f"service.{name}"
    for field in before.policies.waiting(now.policies):
        yield f"policy: {field}"
