"""When a process that ended unasked is started again. Pure.

Rules:

- Each end doubles the wait, up to the longest; the draw takes up to half of it away, so that
  processes that fell together do not rise together.
- A process that was ready long enough starts afresh: the next wait is the first.
- An exit that says "used wrongly" (2) is final: the same command would say so again.
"""

USED_WRONGLY = 2


class Restart:
    """The back-off of one process; all times in seconds."""

    def __init__(
        self, *, first: float = 0.2, longest: float = 30.0, healthy_after: float = 10.0
    ) -> None:
        self._first = first
        self._longest = longest
        self._healthy_after = healthy_after
        self._wait = first
        self._ready_at: float | None = None

    def ready(self, now: float) -> None:
        """Remember since when it serves."""
        self._ready_at = now

    def decide(self, now: float, exit_code: int, draw: float) -> float | None:
        """Return how long to wait before the next start; None: never. `draw` is in [0, 1)."""
        if exit_code == USED_WRONGLY:
            return None
        if self._ready_at is not None and now - self._ready_at >= self._healthy_after:
            self._wait = self._first
        self._ready_at = None
        wait = self._wait
        self._wait = min(wait * 2, self._longest)
        return wait * (1 - draw / 2)
