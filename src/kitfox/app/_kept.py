"""What learns or counts, kept for as long as its rules are the same."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

R = TypeVar("R")
T = TypeVar("T")


class Kept(Generic[R, T]):
    """One thing for each scope. `make` makes it of the scope and its rules."""

    def __init__(self, make: Callable[[str, R], T]) -> None:
        self._make = make
        self._made: dict[str, tuple[R, T]] = {}
        self._asked: set[str] = set()

    def of(self, scope: str, said: R) -> T:
        """Return the one of a scope: a new one, if there was none or its rules were others."""
        self._asked.add(scope)
        kept = self._made.get(scope)
        if kept is None or kept[0] != said:
            kept = self._made[scope] = (said, self._make(scope, said))
        return kept[1]

    @contextmanager
    def asked_anew(self, forgotten: Callable[[str], object] | None = None) -> Generator[None]:
        """Forget what nobody has asked for when the context ends; `forgotten` is told its scope."""
        self._asked.clear()
        yield
        for scope in self._made.keys() - self._asked:
            del self._made[scope]
            if forgotten is not None:
                forgotten(scope)
