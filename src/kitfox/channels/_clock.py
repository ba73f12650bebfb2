"""Channels on which the time comes: once, or again and again.

Rules, as in Go since 1.23:

- A tick that comes before the last one was received is dropped, and so are those for which a busy
  loop is too late. What is sent is the loop's time, in seconds.
- After `stop` and after `reset` nothing is received that was due before. The channel stays open.
"""

import asyncio
import math
from abc import ABC, abstractmethod
from contextlib import suppress

from kitfox.channels._channel import Channel
from kitfox.channels._ends import Receiver
from kitfox.channels._state import WouldBlock


def next_tick(due: float, period: float, now: float) -> float:
    """Return when the next tick comes after the one that was due, and after `now`."""
    return due + period * (1 + max(0, math.floor((now - due) / period)))


class _Clock(ABC):
    """A channel with room for one time, and the loop's timer that sends it. A block stops it."""

    __slots__ = ("_channel", "_loop", "_timer")

    def __init__(self) -> None:
        self._channel = Channel[float](1)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def channel(self) -> Receiver[float]:
        """Where the times come."""
        return self._channel

    def stop(self) -> bool:
        """Send no more; return whether a time was still to come, or to be received."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        try:
            self._channel.receive_nowait()
        except WouldBlock:
            return timer is not None
        return True

    def __enter__(self) -> Receiver[float]:
        """Give the channel to a block."""
        return self._channel

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _set(self, due: float) -> None:
        self._timer = self._loop.call_at(due, self._fire, due)

    def _fire(self, due: float) -> None:
        now = self._loop.time()
        with suppress(WouldBlock):
            self._channel.send_nowait(now)
        self._after(due, now)

    @abstractmethod
    def _after(self, due: float, now: float) -> None:
        """Go on after what was due."""


class Timer(_Clock):
    """Sends the time once, in so many seconds. Needs a running loop."""

    __slots__ = ()

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.reset(seconds)

    def reset(self, seconds: float) -> bool:
        """Begin anew; return what `stop` would."""
        pending = self.stop()
        self._set(self._loop.time() + seconds)
        return pending

    def _after(self, due: float, now: float) -> None:
        self._timer = None


class Ticker(_Clock):
    """Sends the time every so many seconds. Needs a running loop.

    Raises ValueError when the period is not above zero.
    """

    __slots__ = ("_period",)

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.reset(seconds)

    def reset(self, seconds: float) -> None:
        """Begin anew with this period; raise ValueError when it is not above zero."""
        if seconds <= 0:
            raise ValueError(f"expected a period above 0 seconds, got {seconds}")
        self.stop()
        self._period = seconds
        self._set(self._loop.time() + seconds)

    def _after(self, due: float, now: float) -> None:
        self._set(next_tick(due, self._period, now))


def after(seconds: float) -> Receiver[float]:
    """Return a channel on which the time comes once. Needs a running loop.

    The loop keeps it until then. In a loop that waits often, give `select` a timeout instead.
    """
    return Timer(seconds).channel
