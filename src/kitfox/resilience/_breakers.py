"""The breakers of a process by name, for those who look at them and switch them."""

from collections.abc import Callable, Iterator, Mapping
from weakref import WeakValueDictionary

from kitfox.resilience._adaptive_breaker import AdaptiveBreaker
from kitfox.resilience._breaker import Breaker


class Breakers(Mapping[str, Breaker]):
    """Gives breakers their names: a service's, say, or `service/instance`.

    It does not keep them: a breaker that nobody calls through any more is gone from here.
    """

    def __init__(self) -> None:
        self._named: WeakValueDictionary[str, Breaker] = WeakValueDictionary()

    def of(self, name: str, make: Callable[[], Breaker] = AdaptiveBreaker) -> Breaker:
        """Return the breaker of that name; `make` makes it if there is none."""
        if (found := self._named.get(name)) is None:
            found = self._named[name] = make()
        return found

    def forget(self, name: str) -> None:
        """Let the next `of` make another breaker of that name; whoever has the old one keeps it."""
        self._named.pop(name, None)

    def __getitem__(self, name: str) -> Breaker:
        """Return the breaker of that name, or raise KeyError."""
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, in alphabetical order."""
        return iter(sorted(self._named))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._named)
