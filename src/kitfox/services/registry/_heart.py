"""When a service of the original protocol is asked for a sign of life, and what silence means.

States, and who moves between them
- *beating*: asked every `INTERVAL`. A miss leads to *faltering*.
- *faltering*: still listed; asked again after `RETRY`. An answer leads back to beating, the third
  miss in a row to *missing*: it is removed.
- *missing*: not listed, asked every `INTERVAL`. An answer leads back to beating: it is restored,
  since services of this kind register only once. `GRACE` without any leads to *forgotten*.
- *forgotten*: final.
"""

from enum import Enum

INTERVAL = 3.0
RETRY = 1.0
ATTEMPTS = 3
GRACE = 600.0


class Verdict(Enum):
    """What to do with the service after a beat."""

    KEEP = "keep"
    REMOVE = "remove"
    RESTORE = "restore"
    FORGET = "forget"


class Heart:
    """One service's heart. `now` is monotonic seconds."""

    def __init__(self, now: float, *, phase: float = 1.0, missing: bool = False) -> None:
        """Begin beating, or missing; the first question comes after `phase` of an interval."""
        self._misses = 0
        self._missing_since = now if missing else None
        self.next_at = now + INTERVAL * phase

    @property
    def missing(self) -> bool:
        """Whether the service is not listed at present."""
        return self._missing_since is not None

    def beat(self, now: float, *, answered: bool) -> Verdict:
        """Take the outcome of a question, and say what follows from it."""
        self.next_at = now + INTERVAL
        return self._answered() if answered else self._missed(now)

    def _answered(self) -> Verdict:
        verdict = Verdict.KEEP if self._missing_since is None else Verdict.RESTORE
        self._misses = 0
        self._missing_since = None
        return verdict

    def _missed(self, now: float) -> Verdict:
        self._misses += 1
        if self._missing_since is not None:
            return Verdict.FORGET if now - self._missing_since >= GRACE else Verdict.KEEP
        if self._misses < ATTEMPTS:
            self.next_at = now + RETRY
            return Verdict.KEEP
        self._missing_since = now
        return Verdict.REMOVE
