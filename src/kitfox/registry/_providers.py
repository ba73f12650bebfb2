"""What a service of the original protocol knows of its providers, merged from patches.

Rules
1. Providers are a set: told twice is told once, and what is removed is gone however often it came.
2. As in the original, a patch adds first and removes afterwards.
3. A registration begins anew: its first patch is the whole truth and replaces what was known.
   Until that patch comes the last-known set stays.
"""

from kitfox.registry._documents import OriginalProvider, Patch


class Providers:
    """The addresses of each required service."""

    def __init__(self) -> None:
        self._known: frozenset[OriginalProvider] = frozenset()
        self._beginning = True

    def begin(self) -> None:
        """Expect the first patch of a new registration."""
        self._beginning = True

    def apply(self, patch: Patch) -> None:
        """Take a patch."""
        base = frozenset[OriginalProvider]() if self._beginning else self._known
        self._beginning = False
        self._known = (base | frozenset(patch.added or ())) - frozenset(patch.removed or ())

    def urls(self, name: str) -> tuple[str, ...]:
        """Return the addresses of a service, in order."""
        return tuple(sorted(provider.url for provider in self._known if provider.name == name))
