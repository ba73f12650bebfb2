"""Policies about services that no process of a whole system serves or calls."""

from collections.abc import Callable, Iterable

from kitfox.app import Config
from kitfox.supervisor import Row, State


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
