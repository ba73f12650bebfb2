"""A load that does not wait: each call begins on schedule, whatever becomes of those before.

So a server that is late is late for all whom it would have been late for; a load of workers who
wait for their replies would ask it less, and not see that (G. Tene's "coordinated omission").
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter  # uvloop's own clock knows milliseconds only

from benchmarks._faults_job import DONE, Do


@dataclass
class Seen:
    """What came of some calls."""

    calls: int = 0
    took: list[float] = field(default_factory=list[float])  # seconds, of failed ones as well
    errors: Counter[str] = field(default_factory=Counter[str])

    @property
    def good(self) -> int:
        """How many got the right answer so far."""
        return len(self.took) - self.errors.total()

    def quantile(self, part: float) -> float:
        """Return after how many seconds that part of the calls was over."""
        return sorted(self.took)[int(part * len(self.took))]


class Load:
    """Calls at `rate` a second; what came of them is in `seen`."""

    def __init__(self, do: Do, rate: float) -> None:
        self._do = do
        self.rate = rate
        self.seen = Seen()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Make calls while the context is open; when it is left, wait for the last of them."""
        over = asyncio.Event()
        driver = asyncio.create_task(self._drive(over))
        try:
            yield
        finally:
            over.set()
            await driver

    async def _drive(self, over: asyncio.Event) -> None:
        due = perf_counter()
        async with asyncio.TaskGroup() as calls:
            while not over.is_set():
                calls.create_task(self._call(due))
                due += 1.0 / self.rate
                await asyncio.sleep(max(0.0, due - perf_counter()))

    async def _call(self, due: float) -> None:
        """Call, and count the time from when it should have begun."""
        self.seen.calls += 1
        try:
            if (reply := await self._do()) != DONE:
                self.seen.errors[f"the reply {reply!r}"] += 1
        except Exception as error:  # noqa: BLE001 - each stack has errors of its own
            self.seen.errors[said(error)] += 1
        self.seen.took.append(perf_counter() - due)


def said(error: Exception) -> str:
    """Return what an error says, in a few words; those of grpcio are long."""
    details = getattr(error, "details", None)
    text = str(details()) if callable(details) else str(error)
    return f"{type(error).__name__}: {text}"[:90]
