"""Whether the peer of a link is still there: pure, with the time passed in, in seconds.

A peer from which nothing was heard for `quiet` is asked; one that says nothing for `patience`
after that is gone. Only so is a half-open connection found: TCP keeps it for hours.
"""

import msgspec


class KeepAlive(msgspec.Struct, frozen=True):
    """How long, in seconds, a peer may say nothing, unasked and asked."""

    quiet: float = 15.0
    patience: float = 10.0


class Liveness:
    """What is known about one peer."""

    __slots__ = ("_asked", "_heard", "_keep_alive")

    def __init__(self, keep_alive: KeepAlive, now: float) -> None:
        self._keep_alive = keep_alive
        self._heard = now
        self._asked: float | None = None

    def hear(self, now: float) -> None:
        """Note that the peer said something, whatever it was."""
        self._heard = now
        self._asked = None

    def ask(self, now: float) -> None:
        """Note that the peer is asked."""
        self._asked = now

    def gone(self, now: float) -> bool:
        """Whether the peer was asked and has not answered in time."""
        return self._asked is not None and now >= self._asked + self._keep_alive.patience

    def due(self) -> float:
        """When to look again: the peer is to be asked then, or gone."""
        if self._asked is not None:
            return self._asked + self._keep_alive.patience
        return self._heard + self._keep_alive.quiet
