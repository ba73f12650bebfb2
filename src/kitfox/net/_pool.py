"""Which connection a request gets: the bookkeeping of one origin's connections, without I/O.

Rules:

- A connection has a place from the moment it is being opened until it is closed; there are never
  more places than `max_connections`.
- A place is leased (being opened, or carrying a request) or idle.
- The connection that became idle last is reused first, so that the surplus ages and goes.
- Nobody waits while a connection is idle or a place is free. So whoever comes later cannot
  overtake: what becomes free goes to the first who waits.
- What is handed to a waiter is leased to it at once. A waiter that gives up before it was handed
  anything leaves no trace; one that gives up after must give back what it was handed.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)  # a connection; the pool never looks into it
W = TypeVar("W", bound=Hashable)  # whoever waits for one


@dataclass(frozen=True, slots=True)
class Hand(Generic[W]):
    """Hand to `waiter` what was just given back: the connection, or the place for a new one."""

    waiter: W


@dataclass(frozen=True, slots=True)
class Close(Generic[C]):
    """Close `connection`; its place is already free."""

    connection: C


class Pool(Generic[C, W]):
    """The connections of one origin. Times are seconds on any monotonic clock."""

    def __init__(self, *, max_connections: int, max_idle: int) -> None:
        self._free = max_connections
        self._places = max_connections
        self._max_idle = max_idle
        self._idle: dict[C, float] = {}  # until when; in the order in which they became idle
        self._waiting: OrderedDict[W, None] = OrderedDict()

    @property
    def is_empty(self) -> bool:
        """Whether no connection is open or being opened."""
        return self._free == self._places

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def idle(self) -> int:
        """How many connections are idle."""
        return len(self._idle)

    def take(self, now: float) -> C | None:
        """Lease the connection that became idle last, unless its time is over."""
        if not self._idle:
            return None
        connection, until = self._idle.popitem()
        if until > now:
            return connection
        self._idle[connection] = until
        return None

    def reserve(self) -> bool:
        """Lease a place for a connection to be opened; False when there is none."""
        if not self._free:
            return False
        self._free -= 1
        return True

    def wait(self, waiter: W) -> None:
        """Queue up; only after `take` and `reserve` had nothing."""
        self._waiting[waiter] = None

    def give_up(self, waiter: W) -> None:
        """Leave the queue."""
        self._waiting.pop(waiter, None)

    def release(self, connection: C, until: float) -> Hand[W] | Close[C] | None:
        """Take back a leased connection that may be reused until `until`; None: it is idle now."""
        if self._waiting:
            return Hand(self._first())
        self._idle[connection] = until
        if len(self._idle) <= self._max_idle:
            return None
        oldest = next(iter(self._idle))
        self.remove(oldest)
        return Close(oldest)

    def vacate(self) -> Hand[W] | None:
        """Take back a leased place: its connection was closed, or could not be opened."""
        if self._waiting:
            return Hand(self._first())
        self._free += 1
        return None

    def remove(self, connection: C) -> bool:
        """Forget an idle connection that is closed; False when it was not idle."""
        if self._idle.pop(connection, None) is None:
            return False
        self._free += 1
        return True

    def expire(self, now: float) -> list[C]:
        """Forget the idle connections whose time is over; the caller closes them."""
        over = [connection for connection, until in self._idle.items() if until <= now]
        for connection in over:
            self.remove(connection)
        return over

    def clear_idle(self) -> list[C]:
        """Forget all idle connections; the caller closes them."""
        return self.expire(float("inf"))

    def next_expiry(self) -> float | None:
        """Return when `expire` will next find something."""
        return min(self._idle.values(), default=None)

    def _first(self) -> W:
        return self._waiting.popitem(last=False)[0]
