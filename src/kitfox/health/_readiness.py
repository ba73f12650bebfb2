"""Whether a process takes calls, and whether it ever did."""

from collections.abc import Callable

from kitfox.health._checks import Checks
from kitfox.health._report import Report, Result


class Readiness:
    """Whether a process takes calls: what `/readyz` asks. Begins with no.

    `checks` are asked as well by `report` and `ask`; the mere call asks nobody, and never waits.
    """

    def __init__(self, checks: Checks | None = None) -> None:
        self.checks = checks or Checks()
        self._ready = self._started = False
        self._required: list[Callable[[], bool]] = []

    def __call__(self) -> bool:
        """Whether calls are taken."""
        return self._ready and all(required() for required in self._required)

    @property
    def started(self) -> bool:
        """Whether calls were ever taken: what `/startupz` asks."""
        return self._started

    def require(self, condition: Callable[[], bool]) -> None:
        """Take no calls while `condition` is false."""
        self._required.append(condition)

    def set(self, *, ready: bool) -> None:
        """Say whether calls are taken from now on."""
        self._ready = ready
        self._started = self._started or ready

    async def report(self) -> Report:
        """Return whether calls are taken, and if they are, what the checks say of that."""
        if not self():
            return Report((Result("serving", "it is connecting" if self._ready else self._why()),))
        found = await self.checks.report()
        return Report((Result("serving"), *found.results))

    async def ask(self) -> bool:
        """Whether calls are taken, and the checks agree."""
        return (await self.report()).ok

    def _why(self) -> str:
        return "it is stopping" if self._started else "it is starting"
