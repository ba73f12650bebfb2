"""The registry's truth, without I/O: who is registered, until when, at which revision.

Rules
1. An id within a service has one owner, an opaque value that only its registrant can show. While
   the lease runs nobody else may register, renew or deregister it.
2. A lease ends at `now + ttl` of its last registration or renewal. `expire` removes what has ended;
   until it is called, an ended lease still stands, and a renewal still saves it.
3. The owner that said it is closing cannot come back for `TOMBSTONE` seconds: its late renewals and
   registrations are refused. Another owner may take the id at once (a quick restart).
4. An operator's weight takes the place of the instance's own until it is taken back, or the
   instance is removed. Its owner's renewals and registrations do not change it.
5. Each change of a set takes the next revision. A renewal, or registering the same instance again,
   changes no set. Revisions never repeat; a service without instances is at the newest one.
"""

from dataclasses import dataclass, field
from hmac import compare_digest

from msgspec.structs import replace

from kitfox.core import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
)
from kitfox.registry._instance import Instance, ServiceInfo, Snapshot
from kitfox.registry._limits import WEIGHTS, Limits

TOMBSTONE = 30.0
FOREVER = float("inf")


@dataclass(slots=True)
class _Lease:
    instance: Instance
    owner: bytes
    ttl: float
    ends: float
    weight: int | None = None  # an operator's
    shown: Instance = field(init=False)

    def __post_init__(self) -> None:
        self.weigh(self.weight)

    def weigh(self, weight: int | None) -> None:
        self.weight, own = weight, self.instance.weight
        weight = own if weight is None else weight
        same = weight == own
        self.shown = self.instance if same else replace(self.instance, weight=weight)

    def extend(self, now: float) -> None:
        self.ends = now + self.ttl


@dataclass(slots=True)
class _Members:
    """The leases of one service by id, and the revision of their last change."""

    leases: dict[str, _Lease]
    revision: int = 0


class Table:
    """Registrations, leases, tombstones and revisions. `now` is monotonic seconds."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._services: dict[str, _Members] = {}
        self._tombstones: dict[tuple[str, str], tuple[bytes, float]] = {}
        self._size = 0
        self.revision = 0

    def register(
        self, instance: Instance, *, owner: bytes, now: float, ttl: float = FOREVER
    ) -> bool:
        """Take the instance in, or renew or replace it for its owner. True if the set changed.

        Raises InvalidArgument, AlreadyExists (another owner's), FailedPrecondition (it said that
        it is closing) and ResourceExhausted.
        """
        self.check(instance, owner=owner, now=now)
        members = self._services.setdefault(instance.service, _Members({}))
        known = members.leases.get(instance.id)
        weight = None if known is None else known.weight
        members.leases[instance.id] = _Lease(instance, owner, ttl, now + ttl, weight)
        self._size += known is None
        if known is not None and known.instance == instance:
            return False
        self._changed(members)
        return True

    def check(self, instance: Instance, *, owner: bytes, now: float) -> None:
        """Raise what `register` would raise, changing nothing."""
        self._limits.check(instance)
        known = self._find(instance.service, instance.id)
        if known is None:
            self._refuse_the_dead(instance, owner, now)
            self._refuse_too_many(instance.service)
        elif not compare_digest(known.owner, owner):
            raise AlreadyExists(f"{instance.service} {instance.id} is registered by another owner")

    def renew(self, service: str, id: str, *, owner: bytes, now: float) -> float:
        """Extend the lease by its own length, which is returned.

        Raises NotFound (register again) and PermissionDenied.
        """
        lease = self._owned(service, id, owner)
        lease.extend(now)
        return lease.ttl

    def deregister(self, service: str, id: str, *, owner: bytes, now: float) -> None:
        """Remove the owner's instance, which is closing and stays away for `TOMBSTONE` seconds.

        Raises NotFound and PermissionDenied.
        """
        self._owned(service, id, owner)
        self.evict(service, id)
        self._bury(service, id, owner, now)

    def weigh(self, service: str, id: str, weight: int | None) -> bool:
        """Give an instance an operator's weight, or its own back. True if the set changed.

        Raises NotFound and InvalidArgument.
        """
        lease = self._lease(service, id)
        if weight is not None and weight not in WEIGHTS:
            raise InvalidArgument("weight: expected 0 to 1,000,000")
        before = lease.shown
        lease.weigh(weight)
        if lease.shown == before:
            return False
        self._changed(self._services[service])
        return True

    def evict(self, service: str, id: str) -> bool:
        """Remove the instance, whoever owns it. True if it was there."""
        members = self._services.get(service)
        if members is None or members.leases.pop(id, None) is None:
            return False
        self._size -= 1
        self._changed(members)
        if not members.leases:
            del self._services[service]
        return True

    def expire(self, now: float) -> list[Instance]:
        """Remove the instances whose lease has ended, and return them."""
        self._tombstones = {
            key: (owner, until) for key, (owner, until) in self._tombstones.items() if until > now
        }
        ended = [lease.instance for lease in self._leases() if lease.ends <= now]
        for instance in ended:
            self.evict(instance.service, instance.id)
        return ended

    def forgive(self, seconds: float) -> None:
        """Extend all leases: the registry was asleep, and could not hear the renewals."""
        for lease in self._leases():
            lease.ends += seconds

    def next_end(self) -> float:
        """When the first lease ends, if nobody renews; infinite if none does."""
        return min((lease.ends for lease in self._leases()), default=FOREVER)

    def snapshot(self, service: str) -> Snapshot:
        """Return the whole set; of an unknown service the empty one."""
        members = self._services.get(service)
        if members is None:
            return Snapshot(service, self.revision, ())
        instances = tuple(lease.shown for lease in members.leases.values())
        return Snapshot(service, members.revision, instances)

    def services(self) -> tuple[ServiceInfo, ...]:
        """List the services that have instances, by name."""
        return tuple(
            ServiceInfo(name, len(members.leases), members.revision)
            for name, members in sorted(self._services.items())
        )

    def authorise(self, service: str, id: str, *, owner: bytes) -> Instance:
        """Return the owner's instance. Raises NotFound and PermissionDenied."""
        return self._owned(service, id, owner).instance

    def _find(self, service: str, id: str) -> _Lease | None:
        members = self._services.get(service)
        return members.leases.get(id) if members else None

    def _owned(self, service: str, id: str, owner: bytes) -> _Lease:
        lease = self._lease(service, id)
        if not compare_digest(lease.owner, owner):
            raise PermissionDenied(f"{service} {id} is registered by another owner")
        return lease

    def _lease(self, service: str, id: str) -> _Lease:
        if (lease := self._find(service, id)) is None:
            raise NotFound(f"{service} {id} is not registered")
        return lease

    def _leases(self) -> list[_Lease]:
        return [lease for members in self._services.values() for lease in members.leases.values()]

    def _changed(self, members: _Members) -> None:
        self.revision += 1
        members.revision = self.revision

    def _bury(self, service: str, id: str, owner: bytes, now: float) -> None:
        while len(self._tombstones) >= self._limits.instances:
            del self._tombstones[next(iter(self._tombstones))]  # the oldest
        self._tombstones[service, id] = (owner, now + TOMBSTONE)

    def _refuse_the_dead(self, instance: Instance, owner: bytes, now: float) -> None:
        buried, until = self._tombstones.get((instance.service, instance.id), (b"", 0.0))
        if now < until and compare_digest(buried, owner):
            raise FailedPrecondition(f"{instance.service} {instance.id} said that it is closing")

    def _refuse_too_many(self, service: str) -> None:
        members = self._services.get(service)
        if self._size >= self._limits.instances:
            raise ResourceExhausted(f"the registry holds {self._size} instances, its limit")
        if members and len(members.leases) >= self._limits.instances_per_service:
            raise ResourceExhausted(f"{service} has {len(members.leases)} instances, the limit")
