"""When a service of the original protocol is asked for a sign of life, and what silence means.

States, and who moves between them
- *beating*: asked every `interval`. A miss leads to *faltering*.
- *faltering*: still listed; asked again after `retry`. An answer leads back to beating, the last of
  `attempts` misses in a row to *missing*: it is removed.
- *missing*: not listed, asked every `interval`. An answer leads back to beating: it is restored,
  since services of this kind register only once. `grace` without any leads to *forgotten*.
- *forgotten*: final.
"""

from enum import Enum

import msgspec


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How often a service is asked, and for how long it is waited for; in seconds."""

    interval: float = 3.0
    retry: float = 1.0
    attempts: int = 3
    timeout: float = 1.0
    grace: float = 600.0


class Verdict(Enum):
    """What to do with the service after a beat."""

    KEEP = "keep"
    REMOVE = "remove"
    RESTORE = "restore"
    FORGET = "forget"


class Heart:
    """One service's heart. `now` is monotonic seconds."""

    def __init__(
        self, rhythm: Rhythm, now: float, *, phase: float = 1.0, missing: bool = False
    ) -> None:
        """Begin beating, or missing; the first question comes after `phase` of an interval."""
        self._rhythm = rhythm
        self._misses = 0
        self._missing_since = now if missing else None
        self.next_at = now + rhythm.interval * phase

    @property
    def missing(self) -> bool:
        """Whether the service is not listed at present."""
        return self._missing_since is not None

    def beat(self, now: float, *, answered: bool) -> Verdict:
        """Take the outcome of a question, and say what follows from it."""
        self.next_at = now + self._rhythm.interval
        return self._answered() if answered else self._missed(now)

    def _answered(self) -> Verdict:
        verdict = Verdict.KEEP if self._missing_since is None else Verdict.RESTORE
        self._misses = 0
        self._missing_since = None
        return verdict

    def _missed(self, now: float) -> Verdict:
        self._misses += 1
        if self._missing_since is not None:
            forgotten = now - self._missing_since >= self._rhythm.grace
            return Verdict.FORGET if forgotten else Verdict.KEEP
        if self._misses < self._rhythm.attempts:
            self.next_at = now + self._rhythm.retry
            return Verdict.KEEP
        self._missing_since = now
        return Verdict.REMOVE
