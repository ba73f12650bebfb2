"""How late the event loop is: how long what is ready has to wait for its turn.

A timer is due at regular times; how late it is called is what everything else waits too. When it
is overdue at the moment, the loop has been late for at least as long, and that counts already.
"""

import asyncio
from typing import Self


class LoopLag:
    """Measures the lag of the loop that it is entered in, until it is left.

    The loop is measured each `every` seconds: twenty times a second costs it about 0.01 %.
    """

    def __init__(self, *, every: float = 0.05) -> None:
        if every <= 0:
            msg = f"every: expected seconds above 0, got {every}"
            raise ValueError(msg)
        self._every = every
        self._lag = 0.0
        self._due = float("inf")
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Begin to measure."""
        if self._timer is not None:
            msg = "this loop's lag is being measured already"
            raise RuntimeError(msg)
        self._arm()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Measure no more; there is no lag then."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._lag, self._due = 0.0, float("inf")

    def __call__(self, now: float) -> float:
        """Return the lag at `now`, which is the loop's time, in seconds."""
        overdue = now - self._due
        return overdue if overdue > self._lag else self._lag  # noqa: FURB136  in each call's path

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + self._every
        self._timer = loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._lag = max(0.0, asyncio.get_running_loop().time() - self._due)
        self._arm()
