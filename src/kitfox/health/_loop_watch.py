"""When a loop counts as blocked, as seen from outside of it. Pure.

A watcher asks the loop for a sign of life and looks, at regular times, whether there was one.

Rules:

- The time between two looks without a sign counts as blocked, but never for more than two turns
  of the watcher: when it was held up as well, by a machine that slept, SIGSTOP or a debugger that
  stops all threads, nobody knows what the loop would have done.
- After `dump_after` seconds the blockage has begun; this is said once.
- After `dead_after` seconds the loop is dead.
- A sign of life ends all that: a blockage that has begun is over, which is said once too.
"""

from typing import NamedTuple


class News(NamedTuple):
    """What there is to tell after a look: for how long the loop has been blocked, or was."""

    seconds: float
    over: bool = False


class LoopWatch:
    """The state of a loop that is looked at each `every` seconds, or later.

    Raises:
        ValueError: the times make no sense.
    """

    def __init__(self, *, dump_after: float, dead_after: float, every: float) -> None:
        if not 0 < every <= dump_after <= dead_after:
            raise ValueError(
                "expected times above 0, and a loop to be dead no sooner than blocked: "
                f"dump_after {dump_after:g} s, dead_after {dead_after:g} s"
            )
        self._dump_after = dump_after
        self._dead_after = dead_after
        self._longest_step = 2 * every
        self._looked: float | None = None
        self._told = False
        self.blocked = 0.0

    @property
    def dead(self) -> bool:
        """Whether it has been blocked for too long."""
        return self.blocked >= self._dead_after

    def look(self, now: float, *, sign: bool) -> News | None:
        """Hear whether there was a `sign` of life since the last look."""
        step = 0.0 if self._looked is None else min(now - self._looked, self._longest_step)
        self._looked = now
        if sign:
            return self._over()
        self.blocked += step
        if self._told or self.blocked < self._dump_after:
            return None
        self._told = True
        return News(self.blocked)

    def _over(self) -> News | None:
        news = News(self.blocked, over=True) if self._told else None
        self._told, self.blocked = False, 0.0
        return news
