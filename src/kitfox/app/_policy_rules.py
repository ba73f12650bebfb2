"""What the tables of policies are made of."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kitfox.core import Key, by_field, by_metadata

Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field's own table."""


def length(said: timedelta) -> float:
    """Return a duration in seconds."""
    return said.total_seconds()


_KEYS: Final[Mapping[str, Callable[[str], Key]]] = {"field": by_field, "metadata": by_metadata}


def key_of(text: str) -> Key:
    """Return what "field:student" or "metadata:tenant" names; raise ValueError."""
    kind, _, name = text.partition(":")
    if kind not in _KEYS or not name:
        msg = f'expected "field:NAME" or "metadata:NAME", got "{text}"'
        raise ValueError(msg)
    return _KEYS[kind](name.lower() if kind == "metadata" else name)
