"""What a select may do: receive from a channel, or send to it."""

import threading
from abc import ABC, abstractmethod
from asyncio import InvalidStateError
from typing import Generic, TypeVar

from kitfox.channels._race import Race
from kitfox.channels._state import EMPTY, ChannelClosed, Nothing, State, opened

T_co = TypeVar("T_co", covariant=True)


class Case(ABC, Generic[T_co]):
    """One thing a select may do; it serves any number of selects, one at a time.

    Its methods are for `select`, which holds the channel's `lock` meanwhile, if there is one.
    """

    __slots__ = ("_matched", "_place", "_race", "_state", "lock")

    # Quoted: before Python 3.13 an RLock comes from a function, which knows no `|`.
    def __init__(self, state: State[T_co], lock: "threading.RLock | None" = None) -> None:
        self.lock = lock
        self._state = state
        self._race: Race | None = None
        self._place = 0
        self._matched = False

    def set_result(self, matched: bool, /) -> None:  # noqa: FBT001 - a Future's
        """Win the race; raise InvalidStateError if it is over."""
        if self._race is None or not self._race.win(self._place):
            raise InvalidStateError("the race is over")
        self._matched = matched

    def enter(self, race: Race, place: int) -> None:
        """Wait in the channel's queue; raise RuntimeError if the case waits already."""
        if self._race is not None:
            raise RuntimeError("a case waits in one select at a time, and once")
        self._race = race
        self._place = place
        self._queue()

    def leave(self, race: Race) -> None:
        """Wait no more."""
        if self._race is race:
            self._race = None
            self._state.leave(self)

    @abstractmethod
    def attempt(self) -> bool:
        """Do it, if that is possible at once; return whether it was."""

    @abstractmethod
    def finish(self) -> None:
        """Do what the case was woken for."""

    @abstractmethod
    def abandon(self) -> None:
        """Leave undone what the case was woken for."""

    @abstractmethod
    def _queue(self) -> None:
        """Join the others who wait for the same."""


class Sending(Case[T_co]):
    """To send a value; a select that chooses it where the channel is closed raises ChannelClosed.

    A select that is cancelled in the very turn in which the value is taken has sent it.
    """

    __slots__ = ("_value",)

    def __init__(
        self, value: T_co, state: State[T_co], lock: "threading.RLock | None" = None
    ) -> None:
        super().__init__(state, lock)
        self._value = value

    def attempt(self) -> bool:
        """Send it, if that is possible at once."""
        return self._state.send(self._value)

    def finish(self) -> None:
        """Fail if the channel was closed; otherwise it is done."""
        if not self._matched:
            raise ChannelClosed("send on a closed channel")

    def abandon(self) -> None:
        """Do nothing: what was taken is gone."""

    def _queue(self) -> None:
        self._state.senders[self] = self._value


class Receiving(Case[T_co]):
    """To receive a value, or to learn that the channel is closed and nothing is left in it."""

    __slots__ = ("_received",)

    def __init__(self, state: State[T_co], lock: "threading.RLock | None" = None) -> None:
        super().__init__(state, lock)
        self._received: T_co | Nothing = EMPTY

    @property
    def ok(self) -> bool:
        """Whether the last select that chose this case received a value."""
        return not isinstance(self._received, Nothing)

    @property
    def value(self) -> T_co:
        """What was received by the last select that chose this case.

        Raises:
            ChannelClosed: nothing was left to be received.
            LookupError: no select has chosen this case.
        """
        if self._received is EMPTY:
            raise LookupError("no select has chosen this case")
        return opened(self._received)

    def attempt(self) -> bool:
        """Receive, if that is possible at once."""
        received = self._state.receive()
        if received is EMPTY:
            return False
        self._received = received
        return True

    def finish(self) -> None:
        """Take what the case was woken for."""
        self._received = self._state.redeem(matched=self._matched)

    def abandon(self) -> None:
        """Give back what was promised."""
        if self._matched:
            self._state.give_back()

    def _queue(self) -> None:
        self._state.receivers[self] = None
