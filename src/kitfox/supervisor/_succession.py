"""Which of a service's lives counts, which is to follow it, and which leave. Pure.

Rules:

- One life counts. Beside it there is at most one heir, and any number that leave.
- A life that begins counts, if none does; else it is the heir.
- An heir that is ready counts, and the one it follows leaves.
- An heir that ends before it is ready changes nothing.
- When the one that counts ends, its heir counts, ready or not.
"""

from enum import Enum


class Ended(Enum):
    """What the end of a life means."""

    LEFT = "it had left already"
    HEIR = "the one that counts goes on"
    INHERITED = "its heir counts now"
    LAST = "none counts now"


class Succession:
    """The lives of one process of a system, as numbers in the order of their beginnings."""

    def __init__(self) -> None:
        self.counts: int | None = None
        self.heir: int | None = None
        self.leaving: frozenset[int] = frozenset()
        self._born = 0

    @property
    def is_over(self) -> bool:
        """Whether there is no life at all."""
        return self.counts is None and self.heir is None and not self.leaving

    def begin(self) -> int:
        """Add a life, and return its number. Raises RuntimeError when there is an heir already."""
        if self.heir is not None:
            raise RuntimeError(f"life {self.heir} is to follow life {self.counts}, no other")
        self._born += 1
        if self.counts is None:
            self.counts = self._born
        else:
            self.heir = self._born
        return self._born

    def ready(self, life: int) -> int | None:
        """Note that a life is ready; return the one that leaves for it."""
        if life != self.heir or self.counts is None:
            return None
        followed, self.counts, self.heir = self.counts, life, None
        self.leaving |= {followed}
        return followed

    def ended(self, life: int) -> Ended:
        """Note that a life has ended. Raises RuntimeError for one that is not there."""
        if life in self.leaving:
            self.leaving -= {life}
            return Ended.LEFT
        if life == self.heir:
            self.heir = None
            return Ended.HEIR
        if life != self.counts:
            raise RuntimeError(f"there is no life {life}")
        self.counts, self.heir = self.heir, None
        return Ended.LAST if self.counts is None else Ended.INHERITED
