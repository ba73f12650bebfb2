"""The JSON documents of the original protocol, read as Go reads them.

Go matches a field's name without regard to case, ignores fields that it does not know, and takes
null as absence. What it writes has the names below, and its lists may be null.
"""

from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec

T = TypeVar("T")


class OriginalProvider(msgspec.Struct, frozen=True, order=True):
    """One address of one service."""

    name: str = msgspec.field(name="Name", default="")
    url: str = msgspec.field(name="URL", default="")


class OriginalRegistration(msgspec.Struct, frozen=True):
    """What a service of the original kind says of itself when it starts."""

    service_name: str = msgspec.field(name="ServiceName", default="")
    service_url: str = msgspec.field(name="ServiceURL", default="")
    required_services: tuple[str, ...] = msgspec.field(name="RequiredServices", default=())
    update_url: str = msgspec.field(name="ServiceUpdateURL", default="")
    heartbeat_url: str = msgspec.field(name="HeartbeatURL", default="")

    @property
    def provider(self) -> OriginalProvider:
        """What dependents are told of it."""
        return OriginalProvider(self.service_name, self.service_url)


class Patch(msgspec.Struct, frozen=True):
    """A change of the providers that a dependent knows. None and () mean the same."""

    added: tuple[OriginalProvider, ...] | None = msgspec.field(name="Added", default=None)
    removed: tuple[OriginalProvider, ...] | None = msgspec.field(name="Removed", default=None)


def decode_registration(body: bytes) -> OriginalRegistration:
    """Read a registration. Raises ValueError that says where it is wrong."""
    return _decode(body, OriginalRegistration)


def decode_patch(body: bytes) -> Patch:
    """Read a patch in any shape on record: null, [] or missing lists, `Remove` for `Removed`.

    Raises ValueError that says where it is wrong.
    """
    return _decode(body, Patch, {"remove": "Removed"})


def _decode(body: bytes, kind: type[T], aliases: Mapping[str, str] | None = None) -> T:
    names = dict(aliases or {})
    for document in (kind, OriginalProvider):
        names |= {name.lower(): name for name in _wire_names(document)}
    try:
        return msgspec.convert(_folded(msgspec.json.decode(body), names), kind)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _wire_names(kind: type) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(kind))


def _folded(value: object, names: Mapping[str, str]) -> object:
    """Return the document with its known fields under their proper names and no nulls."""
    if isinstance(value, list):
        return [_folded(item, names) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    return {
        names.get(key.lower(), key): _folded(item, names)
        for key, item in cast("dict[str, object]", value).items()
        if item is not None
    }
