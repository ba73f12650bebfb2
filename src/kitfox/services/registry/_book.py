"""The table of registrations, made durable and known to everybody who follows it."""

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress

from kitfox.core import NotFound, RPCError
from kitfox.registry import (
    FOREVER,
    Instance,
    Latest,
    Limits,
    ServiceInfo,
    Snapshot,
    Table,
    Watchers,
)
from kitfox.services.registry._journal import Commit, Journal
from kitfox.services.registry._store import (
    Change,
    SavedInstance,
    SavedWeight,
    drop_instance,
    drop_weight,
    put_instance,
    put_weight,
    set_revision,
)

_log = logging.getLogger("kitfox.registry")

Clock = Callable[[], float]
Listener = Callable[[str], None]


class Book:
    """What both protocols write into and read from.

    A change is visible at once and answered when it is durable: after a crash in between, its
    author was not answered and comes again. `clock` gives monotonic seconds.
    """

    def __init__(self, limits: Limits, journal: Journal, clock: Clock) -> None:
        self.limits = limits
        self.journal = journal
        self.clock = clock
        self._table = Table(limits)
        self._watchers = Watchers[Snapshot](limits.watchers)
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener` with the name of each service whose set changes."""
        self._listeners.append(listener)

    def wake(
        self,
        revision: int,
        instances: Iterable[SavedInstance],
        weights: Iterable[SavedWeight] = (),
    ) -> None:
        """Begin at a revision, with the instances of the last run, each with a full lease."""
        self._table.revision = revision
        for instance, owner, ttl in instances:
            try:
                self._table.register(instance, owner=owner, now=self.clock(), ttl=ttl)
            except RPCError as error:  # the limits were lowered
                _log.warning("%s %s is left out: %s", instance.service, instance.id, error)
        for saved in weights:
            with suppress(NotFound):  # it was left out
                self._table.weigh(*saved)

    def register(self, instance: Instance, *, owner: bytes, ttl: float) -> Commit:
        """Register; durable when the commit is done. Raises as `Table.register` does."""
        if self._table.register(instance, owner=owner, now=self.clock(), ttl=ttl):
            self._publish(instance.service)
        return self._note(put_instance(SavedInstance(instance, owner, ttl)))

    def renew(self, service: str, id: str, *, owner: bytes) -> float:
        """Extend a lease and return its length. Raises NotFound and PermissionDenied."""
        return self._table.renew(service, id, owner=owner, now=self.clock())

    def deregister(self, service: str, id: str, *, owner: bytes) -> Commit:
        """Remove an instance that is closing. Raises NotFound and PermissionDenied."""
        self._table.deregister(service, id, owner=owner, now=self.clock())
        self._publish(service)
        return self._note(*_gone(service, id))

    def weigh(self, service: str, id: str, weight: int | None) -> Commit:
        """Give an instance an operator's weight, or its own back. Raises as `Table.weigh` does."""
        if self._table.weigh(service, id, weight):
            self._publish(service)
        if weight is None:
            return self._note(drop_weight(service, id))
        return self._note(put_weight(SavedWeight(service, id, weight)))

    def evict(self, service: str, id: str) -> None:
        """Remove an instance that is gone."""
        if self._table.evict(service, id):
            self._publish(service)
            self._note(*_gone(service, id))

    def expire(self) -> list[Instance]:
        """Remove the instances whose leases have ended, and return them."""
        ended = self._table.expire(self.clock())
        for service in {instance.service for instance in ended}:
            self._publish(service)
        if ended:
            self._note(*(change for one in ended for change in _gone(one.service, one.id)))
        return ended

    def forgive(self, seconds: float) -> None:
        """Extend all leases: this process was asleep, and could not hear the renewals."""
        self._table.forgive(seconds)

    def next_end(self) -> float:
        """When the next lease ends, on the clock."""
        return self._table.next_end()

    def authorise(self, service: str, id: str, *, owner: bytes) -> Instance:
        """Return the owner's instance. Raises NotFound and PermissionDenied."""
        return self._table.authorise(service, id, owner=owner)

    def list_original(self, instance: Instance, *, owner: bytes) -> None:
        """List an instance that has no lease; its own protocol stores it and watches over it."""
        if self._table.register(instance, owner=owner, now=self.clock(), ttl=FOREVER):
            self._publish(instance.service)

    def unlist_original(self, instance: Instance) -> None:
        """Take an instance without a lease off the list."""
        if self._table.evict(instance.service, instance.id):
            self._publish(instance.service)

    def check(self, instance: Instance, *, owner: bytes) -> None:
        """Raise what registering the instance would raise."""
        self._table.check(instance, owner=owner, now=self.clock())

    def services(self) -> tuple[ServiceInfo, ...]:
        """List the services that have instances."""
        return self._table.services()

    def snapshot(self, service: str) -> Snapshot:
        """Return the whole set of a service."""
        return self._table.snapshot(service)

    def follow(self, service: str) -> AbstractContextManager[Latest[Snapshot]]:
        """Follow a service's set. Raises ResourceExhausted."""
        return self._watchers.join(service, self._table.snapshot(service))

    def repeat(self) -> None:
        """Have all followers hear again what they know already."""
        self._watchers.repeat()

    def _publish(self, service: str) -> None:
        self._watchers.set(service, self._table.snapshot(service))
        for listener in self._listeners:
            listener(service)

    def _note(self, *changes: Change) -> Commit:
        return self.journal.note(*changes, set_revision(self._table.revision))


def _gone(service: str, id: str) -> tuple[Change, Change]:
    """Strike out an instance, and what an operator said of it."""
    return drop_instance(service, id), drop_weight(service, id)
