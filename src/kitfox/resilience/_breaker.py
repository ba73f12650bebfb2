"""Refusing calls that would fail anyway, so that their callers need not wait for it.

Rules that all breakers keep:

- A call is admitted, or refused. Each admission is followed by one `record`, with what it gave.
- A change that makes what was learnt before void begins a new epoch. An admission carries its
  epoch, and the end of a call from an earlier one is not heard: it speaks of another time.
- What was opened or closed by hand stays so, and learns nothing, until it is reset.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from kitfox.core import Outcome
from kitfox.resilience._rolling import Rolling

GOOD: Final = 0
FAULT: Final = 1
REFUSED: Final = 2
SLOW: Final = 3


class State(Enum):
    """What a breaker lets through: all, some, or nothing."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Counts(NamedTuple):
    """Calls of a breaker's window by how they ended; `slow` ones are among the good."""

    good: int
    faults: int
    refused: int
    slow: int


Change = Callable[[State, State], None]
"""Told of each change, from which state to which. It must neither raise nor wait."""


class Breaker(ABC):
    """Admits calls or refuses them, by how the ones before ended.

    What it shows is as of the last call: nothing happens between calls. A breaker that is `timed`
    learns from how long good calls take, too; others are not told.
    """

    timed = False

    def __init__(self, *, window: float, buckets: int, on_change: Change | None = None) -> None:
        self._window = Rolling(4, window=window, buckets=buckets)
        self._on_change = on_change
        self._state = State.CLOSED
        self._held = False
        self._epoch = 0

    @property
    def state(self) -> State:
        """What it lets through."""
        return self._state

    @property
    def held(self) -> bool:
        """Whether it was opened or closed by hand."""
        return self._held

    @property
    def counts(self) -> Counts:
        """What it has seen lately."""
        return Counts(*self._window.totals)

    def admit(self, now: float, draw: float) -> int | None:
        """Admit a call that begins, or return None; `draw` is from 0 up to, not including, 1."""
        admitted = self._state is State.CLOSED if self._held else self._admits(now, draw)
        if admitted:
            return self._epoch
        self._window.add(REFUSED, now)
        return None

    def record(self, admission: int, outcome: Outcome, seconds: float | None, now: float) -> None:
        """Learn from the end of a call; `seconds` is None when its length says nothing."""
        if admission == self._epoch and not self._held:
            self._learn(outcome, seconds, now)

    def open(self) -> None:
        """Refuse all calls until further notice."""
        self._held = True
        self._begin(State.OPEN)

    def close(self) -> None:
        """Admit all calls until further notice, however they end."""
        self._held = True
        self._begin(State.CLOSED)

    def reset(self) -> None:
        """Decide by itself again, and begin with a clean slate."""
        self._held = False
        self._begin(State.CLOSED)

    def _begin(self, state: State) -> None:
        """Enter a state as if nothing had been before."""
        self._epoch += 1
        self._window.clear()
        self._forget()
        self._enter(state)

    def _enter(self, state: State) -> None:
        before, self._state = self._state, state
        if self._on_change is not None and state is not before:
            self._on_change(before, state)

    @abstractmethod
    def _admits(self, now: float, draw: float) -> bool:
        """Decide, and change the state if it is time to."""

    @abstractmethod
    def _learn(self, outcome: Outcome, seconds: float | None, now: float) -> None:
        """Count the end of a call of this epoch; change the state if that follows."""

    @abstractmethod
    def _forget(self) -> None:
        """Drop what was learnt beside the window's counts."""
