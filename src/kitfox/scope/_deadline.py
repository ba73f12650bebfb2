"""A point in time after which nobody waits for the answer any more."""

import asyncio
from typing import NamedTuple, Self


class Deadline(NamedTuple):
    """A point on the running loop's clock (`loop.time()`), in seconds.

    A timeout is a length and a deadline is a point; only a point can be handed on from hop to
    hop without growing on the way.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Return the point `seconds` from now. Needs a running loop."""
        return cls(asyncio.get_running_loop().time() + seconds)

    def remaining(self) -> float:
        """Return the seconds left, never less than zero. Needs a running loop."""
        return max(0.0, self.at - asyncio.get_running_loop().time())


def earliest(first: Deadline | None, second: Deadline | None) -> Deadline | None:
    """Return the one that comes first; None stands for no deadline."""
    if first is None or second is None:
        return first or second
    return first if first.at <= second.at else second
