"""Attempts at calls that end in time, with one timer for all of them.

A timer for each would cost more than all else that a retry does on the good path. Most attempts
end long before their time, so it is enough to look, now and then, who did not.

Rules, those of `kitfox.scope`:

- An attempt whose time is over is cancelled, once, and becomes DeadlineExceeded.
- A cancellation that came from outside passes through, even when both come at once.
- While an attempt runs, its cut-off is the call's deadline: what is below sends it on.
"""

import asyncio
from typing import Final

from kitfox.core import Call, DeadlineExceeded, Endpoint
from kitfox.scope import Deadline

_EARLY: Final = 0.001  # seconds; a loop's timers may fire so much before their time


class _Attempt:
    """One that runs: when it must be over, and whether it was told so."""

    __slots__ = ("at", "cancelling", "late", "task")

    def __init__(self, at: float, task: asyncio.Task[object]) -> None:
        self.at = at
        self.task = task
        self.cancelling = task.cancelling()
        self.late = False

    def cut(self) -> None:
        self.late = True
        self.task.cancel()

    def end(self) -> bool:
        """Take back the cancellation that is ours; say whether there was one, and no other."""
        if not self.late:
            return False
        self.late = False
        return self.task.uncancel() <= self.cancelling


class Cutoffs:
    """Runs attempts, each until a time of its own; `why` tells what it means when that comes."""

    def __init__(self, why: str = "no reply to this attempt in its part of the time") -> None:
        self._why = why
        self._running: dict[_Attempt, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, endpoint: Endpoint, call: Call, message: object, until: Deadline) -> object:
        """Run `endpoint`, until then at most.

        Raises:
            DeadlineExceeded: that came first.
        """
        whole, call.deadline = call.deadline, until
        attempt = self._begin(until.at)
        try:
            return await endpoint(call, message)
        except asyncio.CancelledError:
            if not attempt.end():
                raise
            raise DeadlineExceeded(f"{call.method.path}: {self._why}") from None
        finally:
            attempt.end()
            del self._running[attempt]
            call.deadline = whole

    def _begin(self, at: float) -> _Attempt:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("an attempt needs a running task to cancel")
        attempt = _Attempt(at, task)
        if self._timer is None or at < self._timer.when() or loop is not self._loop:
            self._look_at(at, loop)
        self._running[attempt] = None
        return attempt

    def _look_at(self, at: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop = loop
        self._timer = loop.call_at(at, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for attempt in self._running:
            if attempt.at <= now + _EARLY and not attempt.late:
                attempt.cut()
        if times := [attempt.at for attempt in self._running if not attempt.late]:
            self._look_at(min(times), loop)
