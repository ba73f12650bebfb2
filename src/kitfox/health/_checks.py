"""What must hold for calls to be taken: each check has a name and a time to answer in.

Rules:

- All run at once; who asks while they run waits for the same answers.
- Answers are good for a while, so that a storm of probes costs nothing.
- The one who asks may go away: the checks run on, without that one's deadline.
- A check that has begun to fail, or has stopped, is told in the log once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from kitfox.health._report import Report, Result
from kitfox.scope import fail_after

_log = logging.getLogger("kitfox.health")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold: `ask` raises what is wrong, or returns False.

    `timeout` is how many seconds it may take. Kubernetes gives a whole probe one second.

    Raises:
        ValueError: it has no name, the name has a line break, or it has no time.
    """

    name: str
    ask: Callable[[], Awaitable[object]]
    timeout: float = 0.5

    def __post_init__(self) -> None:
        if not self.name.isprintable() or not self.name:
            raise ValueError(f"a check's name: expected a line of text, got {self.name!r}")
        if self.timeout <= 0:
            raise ValueError(f"check {self.name}: expected seconds above 0, got {self.timeout}")


@runtime_checkable
class HasChecks(Protocol):
    """A service that can tell whether it could do its work now."""

    def health_checks(self) -> Iterable[Check]:
        """Return what must hold for calls to be taken."""
        ...


class Checks:
    """Several checks; what they answered is good for `fresh` seconds."""

    def __init__(self, checks: Iterable[Check] = (), *, fresh: float = 1.0) -> None:
        self._checks: dict[str, Check] = {}
        self._fresh = fresh
        self._patience = 0.0
        self._known: tuple[float, Report] | None = None
        self._running: asyncio.Task[Report] | None = None
        self._failing: set[str] = set()
        for check in checks:
            self.add(check)

    def add(self, check: Check) -> None:
        """Ask one more. Raises ValueError for a name that another has."""
        if check.name in self._checks:
            raise ValueError(f"two checks are called {check.name}")
        self._checks[check.name] = check
        self._patience = max(self._patience, check.timeout)
        self._known = None

    @property
    def patience(self) -> float:
        """How many seconds a report may take. Any thread may ask."""
        return self._patience

    async def report(self) -> Report:
        """Return what all of them answer, or have just answered."""
        loop = asyncio.get_running_loop()
        if self._known is not None and loop.time() - self._known[0] < self._fresh:
            return self._known[1]
        if self._running is None:
            self._running = loop.create_task(self._run(), name="health", context=Context())
        return await asyncio.shield(self._running)

    async def _run(self) -> Report:
        checks = tuple(self._checks.values())
        try:
            report = Report(tuple(await asyncio.gather(*map(_result, checks))))
        finally:
            self._running = None
        self._known = asyncio.get_running_loop().time(), report
        for result in report.results:
            self._tell(result)
        return report

    def _tell(self, result: Result) -> None:
        if not result.ok and result.name not in self._failing:
            self._failing.add(result.name)
            _log.warning("not ready: %s: %s", result.name, result.error)
        elif result.ok and result.name in self._failing:
            self._failing.remove(result.name)
            _log.info("%s is well again", result.name)


async def _result(check: Check) -> Result:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    error = await _error(check)
    return Result(check.name, error, loop.time() - begun)


async def _error(check: Check) -> str:
    """Return what is wrong, on one line; nothing when nothing is."""
    limit = fail_after(check.timeout)
    try:
        async with limit:
            return "it says no" if await check.ask() is False else ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        if limit.fired:
            return f"no answer within {check.timeout:g} s"
        return " ".join(f"{type(error).__name__}: {error}".split())
