"""The beat at which the two sides of running calls tell each other that they are there.

NATS tells nobody when a peer dies. So, once a beat, a server names to each caller the calls of that
caller that run, and the caller answers. Who is not heard for PATIENCE beats is gone. Beats are
counted, not seconds: a process that slept through some has not missed what waits in its socket.
"""

import asyncio
from collections.abc import Callable
from typing import Final

BEAT: Final = 5.0  # seconds
PATIENCE: Final = 3


class Pulse:
    """Calls `beat` again and again, `seconds` apart, from `start` to `stop`."""

    def __init__(self, seconds: float, beat: Callable[[], None]) -> None:
        self._seconds = seconds
        self._beat = beat
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; the first beat is one length away."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._strike)

    def stop(self) -> None:
        """Beat no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _strike(self) -> None:
        self.start()
        self._beat()
