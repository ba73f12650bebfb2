"""What a registry takes at most."""

from collections.abc import Iterator

import msgspec

from kitfox.core import InvalidArgument
from kitfox.registry._instance import Instance

WEIGHTS = range(1_000_001)


class Limits(msgspec.Struct, frozen=True):
    """Counts, and sizes in characters. They bound what one registry holds in memory."""

    instances: int = 10_000
    instances_per_service: int = 2_000
    watchers: int = 20_000
    name_size: int = 256
    addresses: int = 16
    address_size: int = 512
    metadata: int = 64
    metadata_size: int = 16_384

    def check(self, instance: Instance) -> None:
        """Raise InvalidArgument, naming the field, if the instance is malformed or too large."""
        if fault := next(_faults(instance, self), None):
            raise InvalidArgument(f"instance.{': '.join(fault)}")

    def check_name(self, field: str, name: str) -> None:
        """Raise InvalidArgument if a service's name is malformed or too long."""
        if fault := next(_name_faults(field, name, self.name_size), None):
            raise InvalidArgument(": ".join(fault))


def _faults(instance: Instance, limits: Limits) -> Iterator[tuple[str, str]]:
    yield from _name_faults("service", instance.service, limits.name_size)
    yield from _name_faults("id", instance.id, limits.address_size)
    if len(instance.version) > limits.name_size:
        yield "version", f"expected at most {limits.name_size} characters"
    if instance.weight not in WEIGHTS:
        yield "weight", "expected 0 to 1,000,000"
    if len(instance.addresses) > limits.addresses:
        yield "addresses", f"expected at most {limits.addresses}"
    if any(len(address) > limits.address_size for address in instance.addresses):
        yield "addresses", f"expected at most {limits.address_size} characters in each"
    yield from _metadata_faults(instance, limits)


def _name_faults(field: str, name: str, size: int) -> Iterator[tuple[str, str]]:
    if not name:
        yield field, "expected a name, got an empty string"
    if len(name) > size:
        yield field, f"expected at most {size} characters"
    if not name.isprintable():
        yield field, "expected printable characters"


def _metadata_faults(instance: Instance, limits: Limits) -> Iterator[tuple[str, str]]:
    if len(instance.metadata) > limits.metadata:
        yield "metadata", f"expected at most {limits.metadata} entries"
    if sum(len(key) + len(value) for key, value in instance.metadata.items()) > (
        limits.metadata_size
    ):
        yield "metadata", f"expected at most {limits.metadata_size} characters in all"
