"""The two halves of discovery: making oneself known, and knowing the others."""

from collections.abc import AsyncIterator
from typing import Protocol

from kitfox.registry._instance import Instance


class Registrar(Protocol):
    """Makes instances known, and keeps them known until they are deregistered."""

    async def register(self, instance: Instance) -> None:
        """Make the instance known; a registry that is away is retried in the background."""
        ...

    async def deregister(self, instance: Instance) -> None:
        """Say that the instance is closing; at most a short wait, and no error if it is unknown."""
        ...


class Resolver(Protocol):
    """Knows the instances of a service."""

    def watch(self, service: str) -> AsyncIterator[frozenset[Instance]]:
        """Yield the whole set at once, then the newest whole set after each change."""
        ...
