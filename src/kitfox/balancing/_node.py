"""An instance as a balancer sees it: what it was given, and what came of it.

A node learns in one place, `record`, and only from calls that were made on it.

- Latency is an exponentially weighted mean (Finagle's and go-zero's: what is 10 s old counts for
  1/e), in which a call counts for no less than 3 %: of a node that becomes slow, the first few
  calls tell, however many there are a second.
- Calls that began before the first one ended may have waited for a connection: they tell nothing.
- A call that did not end well can only raise it: failing fast is no speed, and who gave up waiting
  would have waited longer.
- Success is the mean of about the last ten calls. A cancellation is neither.
"""

from collections.abc import Mapping
from math import exp, inf, log
from types import MappingProxyType
from typing import Final

from kitfox.core import Outcome

_DECAY: Final = 10.0  # seconds
_LATENCY_KEPT: Final = 0.97  # of what is known, at most, when another call ends
_OFTEN: Final = -_DECAY * log(_LATENCY_KEPT)  # seconds between calls that keep as much
_SUCCESS_KEPT: Final = 0.9
_HEALTHY: Final = 0.5
_NOTHING_SAID: Final[Mapping[str, str]] = MappingProxyType({})


class Node:
    """One instance: what it says of itself, what runs on it, and how it did so far.

    Times are the loop's, in seconds. `since` is when it joined; one that was there from the start
    is as old as can be. `latency` is 0.0 while nothing is known. It is `healthy` while more of its
    last calls went well than did not. `streak` counts the faults since the last good call, `good`
    and `faults` the calls of the present interval of `Outliers`, which eject it until
    `ejected_until`.
    """

    __slots__ = (
        "address",
        "ejected_until",
        "ejections",
        "faults",
        "good",
        "healthy",
        "id",
        "in_flight",
        "latency",
        "measured_at",
        "metadata",
        "picked_at",
        "since",
        "streak",
        "success",
        "warm_at",
        "weight",
    )

    def __init__(
        self,
        id: str,
        weight: float = 1.0,
        *,
        address: str = "",
        metadata: Mapping[str, str] = _NOTHING_SAID,
        since: float = -inf,
    ) -> None:
        self.id = id
        self.address = address
        self.metadata = metadata
        self.weight = weight
        self.since = since
        self.in_flight = 0
        self.picked_at = self.measured_at = -inf
        self.warm_at = inf  # when its first call ended
        self.latency = 0.0  # unknown
        self.success = 1.0
        self.healthy = True
        self.streak = self.good = self.faults = 0
        self.ejected_until = -inf
        self.ejections = 0

    @property
    def draining(self) -> bool:
        """Whether it finishes what it has, and takes nothing new."""
        return self.weight <= 0

    def admit(self, now: float) -> None:
        """Count a call that begins here; `record` must follow."""
        self.in_flight += 1
        self.picked_at = now

    def record(self, outcome: Outcome, seconds: float | None, now: float) -> None:
        """Learn from a call that is over; `seconds` is None when its length says nothing."""
        self.in_flight -= 1
        if outcome is Outcome.GOOD:
            self.good += 1
            self.streak = 0
            if self.success < 1.0:
                self._judge(1.0)
            if self.warm_at == inf:
                self.warm_at = now
            if seconds is not None and now - seconds >= self.warm_at:
                self._measure(seconds, now)
            return
        if seconds is not None and 0.0 < self.latency < seconds:
            self._measure(seconds, now)
        if outcome is Outcome.FAULT:
            self.faults += 1
            self.streak += 1
            self._judge(0.0)

    def decline(self) -> None:
        """Let others have the calls, after it said that it has too much to do: that is no fault."""
        self._judge(0.0)

    def _judge(self, success: float) -> None:
        self.success = success + (self.success - success) * _SUCCESS_KEPT
        self.healthy = self.success > _HEALTHY

    def _measure(self, seconds: float, now: float) -> None:
        pause = now - self.measured_at
        kept = _LATENCY_KEPT if pause < _OFTEN else exp(-pause / _DECAY)
        self.latency = seconds + (self.latency - seconds) * kept
        self.measured_at = now

    def eject(self, until: float, *, times: int) -> None:
        """Give it no calls until then; it is the so-many-th time of late."""
        self.ejected_until = until
        self.ejections = times

    def readmit(self, now: float) -> None:
        """Begin anew, slowly and without prejudice; latency and ejections are not forgotten."""
        self.since = now
        self.warm_at = inf
        self.ejected_until = min(self.ejected_until, now)
        self.success = 1.0
        self.healthy = True
        self.streak = 0

    def __repr__(self) -> str:
        """Return the id, the load and the latency, in milliseconds."""
        return f"<Node {self.id} in_flight={self.in_flight} latency={self.latency * 1e3:.1f}ms>"
