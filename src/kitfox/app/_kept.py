"""What learns or counts, kept for as long as its rules are the same."""

from collections.abc import Callable
from typing import Generic, TypeVar

R = TypeVar("R")
T = TypeVar("T")


class Kept(Generic[R, T]):
    """One thing for each scope. `make` makes it of the scope and its rules."""

    def __init__(self, make: Callable[[str, R], T]) -> None:
        self._make = make
        self._made: dict[str, tuple[R, T]] = {}

    def of(self, scope: str, said: R) -> T:
        """Return the one of a scope: a new one, if there was none or its rules were others."""
        kept = self._made.get(scope)
        if kept is None or kept[0] != said:
            kept = self._made[scope] = (said, self._make(scope, said))
        return kept[1]
