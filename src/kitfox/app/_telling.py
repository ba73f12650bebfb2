"""What a process tells whoever started it, by sd_notify(3): systemd, or a supervisor.

States: starting → serving → stopping. Only one that serves reads its configuration again aloud:
that ends with READY, which before would be a lie, and afterwards as well.
"""

import time
from collections.abc import Callable, Iterable

from kitfox.net import Notifier


class Telling:
    """Tells how one process fares. `reload` is what it does at SIGHUP."""

    def __init__(self, notifier: Notifier, reload: Callable[[], None]) -> None:
        self._notifier = notifier
        self._reload = reload
        self._serving = False

    def ready(self, addresses: Iterable[str] = ()) -> None:
        """Begin to serve, at addresses that a supervisor of ours may want to know."""
        self._serving = True
        found = " ".join(addresses)
        self._notifier.send(READY="1", **({"X_ADDRESS": found} if found else {}))

    def status(self, text: str) -> None:
        """Say to a person how it is."""
        self._notifier.send(STATUS=text)

    def reload(self) -> None:
        """Read the configuration again; the time is what `Type=notify-reload` asks for."""
        if not self._serving:
            self._reload()
            return
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notifier.send(RELOADING="1", MONOTONIC_USEC=str(now))
        self._reload()
        self._notifier.send(READY="1")

    def stopping(self) -> None:
        """Begin to stop."""
        self._serving = False
        self._notifier.send(STOPPING="1", STATUS="finishing what runs")
