"""What makes calls belong together: those that share a limit, or go to the same node."""

from collections.abc import Callable, Mapping
from typing import cast

from kitfox.core._call import Call

Key = Callable[[Call, object], str | None]
"""What makes calls belong together, of a call and its message; None when nothing does."""


def by_method(call: Call, _: object) -> str:
    """Return the path of the method that is called."""
    return call.method.path


def by_metadata(name: str) -> Key:
    """Return the key that a call carries in its metadata under `name`.

    Anybody can write anything there, unless a gateway does.
    """

    def key(call: Call, _: object) -> str | None:
        return call.metadata.get(name)

    return key


def by_field(name: str) -> Key:
    """Return the key that a request carries in a field; a stream of requests has none."""

    def key(_: Call, message: object) -> str | None:
        value = _field(message, name)
        return None if value is None else str(value)

    return key


def _field(message: object, name: str) -> object:
    if isinstance(message, Mapping):
        return cast("Mapping[str, object]", message).get(name)
    return getattr(message, name, None)
