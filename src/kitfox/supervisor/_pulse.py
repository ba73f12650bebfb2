"""Expecting a sign of life again and again.

Rules:

- Nothing is expected before the first sign; who never gives one is not expected to.
- When none has come for too long, it is looked once more a moment later: a supervisor that was
  itself stopped for a while (Ctrl-Z) hears late what was said in time.
"""

import asyncio
from collections.abc import Callable

_SECOND_LOOK = 1.0  # seconds


class Pulse:
    """Calls `missed` when no sign came for `within` seconds."""

    def __init__(self, within: float, missed: Callable[[], None]) -> None:
        self.within = within
        self._missed = missed
        self._timer: asyncio.TimerHandle | None = None

    def beat(self) -> None:
        """Take a sign, and expect another."""
        self._expect(self.within, self._look_again)

    def stop(self) -> None:
        """Expect none any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_again(self) -> None:
        self._expect(_SECOND_LOOK, self._miss)

    def _miss(self) -> None:
        self._timer = None
        self._missed()

    def _expect(self, seconds: float, otherwise: Callable[[], None]) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(seconds, otherwise)
