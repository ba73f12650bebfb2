"""Asking the loop of a process, from the loop of another thread, whether it is ready.

Rules:

- One question is under way at a time; whoever asks meanwhile waits for the same answer.
- A loop that does not answer is not ready. The question stays: it is put once, not once a probe.
"""

import asyncio
from concurrent.futures import Future
from typing import Final

from kitfox.health._readiness import Readiness
from kitfox.health._report import Report, Result
from kitfox.scope import fail_after

_SLACK: Final = 0.25  # seconds for the loop itself, beside the checks


class Question:
    """Asks one loop; always from the same other one."""

    def __init__(self, readiness: Readiness, loop: asyncio.AbstractEventLoop) -> None:
        self._readiness = readiness
        self._loop = loop
        self._asked: Future[Report] | None = None

    async def ask(self) -> Report:
        """Return its report; a failed one if it takes too long."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.run_coroutine_threadsafe(self._readiness.report(), self._loop)
        patience = self._readiness.checks.patience + _SLACK
        try:
            async with fail_after(patience):
                return await asyncio.shield(asyncio.wrap_future(self._asked))
        except TimeoutError:
            return Report((Result("loop", "the event loop does not answer", patience),))

    def close(self) -> None:
        """Wait for no answer any more."""
        if self._asked is not None:
            self._asked.cancel()
