"""When a registry of the original kind has forgotten us: its heartbeats stop coming.

Rules
1. Such a registry asks for heartbeats at a pace of its own, which falls with each service that it
   has. What counts as silence is a multiple of the longest gap heard so far.
2. A registry that never asked is never taken for silent: some of its kind do not ask.
"""

SHORTEST_SILENCE = 10.0
GAPS = 3.0


class Silence:
    """Listens for heartbeats of one registration. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._longest = 0.0

    def heard(self, now: float) -> None:
        """Note a heartbeat."""
        if self._last is not None:
            self._longest = max(self._longest, now - self._last)
        self._last = now

    def begins(self) -> float:
        """When, unless a heartbeat comes, silence has lasted too long; never before the first."""
        if self._last is None:
            return float("inf")
        return self._last + max(SHORTEST_SILENCE, GAPS * self._longest)

    def reset(self) -> None:
        """Begin anew with a new registration; the pace is known already."""
        self._last = None
