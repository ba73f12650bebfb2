"""One running copy of a service, as everybody else sees it."""

from collections.abc import Mapping

import msgspec


class Instance(msgspec.Struct, frozen=True):
    """One running copy of a service: where it listens and what it says of itself.

    Two instances are equal when they say the same. They hash by identity alone,
    so that metadata may be any mapping and a changed instance keeps its place.
    """

    service: str
    id: str
    addresses: tuple[str, ...] = ()
    version: str = ""
    weight: int = 1
    metadata: Mapping[str, str] = {}

    def __hash__(self) -> int:
        return hash((self.service, self.id))


class Snapshot(msgspec.Struct, frozen=True):
    """The whole set of a service's instances as of a revision.

    `instances` is None in a sign of life: nothing changed since `revision`.
    """

    service: str
    revision: int
    instances: tuple[Instance, ...] | None


class ServiceInfo(msgspec.Struct, frozen=True):
    """One line of the list of services."""

    name: str
    instances: int
    revision: int
