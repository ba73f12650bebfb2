"""A registry inside one process: for tests, and for services that live together."""

from collections.abc import AsyncGenerator

from kitfox.registry._instance import Instance, Snapshot
from kitfox.registry._latest import Watchers
from kitfox.registry._limits import Limits
from kitfox.registry._table import Table

_OWNER = b"this process"


class MemoryRegistry:
    """Registrar and Resolver at once. Leases never end: the process shares its members' fate."""

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self._table = Table(limits)
        self._watchers = Watchers[Snapshot](limits.watchers)

    async def register(self, instance: Instance) -> None:
        """Make the instance known at once. Raises InvalidArgument and ResourceExhausted."""
        if self._table.register(instance, owner=_OWNER, now=0.0):
            self._publish(instance.service)

    async def deregister(self, instance: Instance) -> None:
        """Forget the instance at once."""
        if self._table.evict(instance.service, instance.id):
            self._publish(instance.service)

    async def watch(self, service: str) -> AsyncGenerator[frozenset[Instance]]:
        """Yield the whole set at once, then the newest whole set after each change."""
        with self._watchers.join(service, self._table.snapshot(service)) as latest:
            async for snapshot in latest:
                yield frozenset(snapshot.instances or ())

    def _publish(self, service: str) -> None:
        self._watchers.set(service, self._table.snapshot(service))
