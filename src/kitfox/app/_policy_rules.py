"""What the tables of policies are made of."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field's own table."""


def length(said: timedelta) -> float:
    """Return a duration in seconds."""
    return said.total_seconds()
