"""A channel without time: what is in it, who waits, and who is next.

Rules:

- An item stays in the channel until a receiver that runs takes it. So items are received in the
  order in which they were sent, whoever is cancelled on the way, and none is lost or doubled.
- A receiver that waits is woken with a promise: one item is kept for it, and whoever comes later
  finds only what is not promised. Who will not take it gives the promise back, and the next who
  waits has it.
- A sender that waits has sent once its item is in the channel; it is woken to go on.
- Who waits is woken in the order in which they came. Who waits for several channels is woken by
  one of them, and for the others waits no more.

Between calls:

- While receivers wait, each item is promised, and no sender waits.
- While senders wait, at least `capacity` items are not promised. There are more than that only
  where promises were given back.
- Nobody waits for a closed channel.
"""

from asyncio import InvalidStateError
from collections import OrderedDict, deque
from contextlib import suppress
from enum import Enum
from typing import Generic, Literal, Protocol, TypeVar

T = TypeVar("T")


class ChannelClosed(Exception):
    """The channel is closed: nothing can be sent, and nothing is left to be received."""


class WouldBlock(Exception):
    """It cannot be done at once: nobody waits for the item, or there is none."""


class Nothing(Enum):
    """Why nothing was received."""

    EMPTY = "empty"
    CLOSED = "closed"


EMPTY: Literal[Nothing.EMPTY] = Nothing.EMPTY
CLOSED: Literal[Nothing.CLOSED] = Nothing.CLOSED


def opened(received: T | Nothing) -> T:
    """Return the item; raise ChannelClosed if there is none and never will be."""
    if isinstance(received, Nothing):
        raise ChannelClosed("receive from a closed channel")
    return received


class Waiter(Protocol):
    """Who waits, in the queue of one channel: a Future, as who completes it sees it."""

    def set_result(self, matched: bool, /) -> object:  # noqa: FBT001 - a Future's
        """End the wait, by a match or by the channel's end.

        Raises:
            InvalidStateError: it was over: by a cancellation, or for another channel.
        """


class State(Generic[T]):
    """What a channel is; every method returns at once.

    Raises ValueError when the capacity is below zero.
    """

    __slots__ = ("_closed", "_items", "_promised", "capacity", "receivers", "senders")

    def __init__(self, capacity: int) -> None:
        if capacity < 0:
            raise ValueError(f"expected a capacity of 0 or more, got {capacity}")
        self.capacity = capacity
        self.senders: OrderedDict[Waiter, T] = OrderedDict()  # with what they send
        self.receivers: OrderedDict[Waiter, None] = OrderedDict()
        self._items: deque[T] = deque()
        self._promised = 0  # how many of the items
        self._closed = False

    def __len__(self) -> int:
        """Count the items that whoever comes now would find."""
        return len(self._items) - self._promised

    def __repr__(self) -> str:
        """Say how it stands."""
        waiting = f"{len(self.senders)} sending, {len(self.receivers)} receiving"
        return f"{len(self)}/{self.capacity}, {waiting}{', closed' * self._closed}"

    def send(self, value: T) -> bool:
        """Let an item in; return False when its sender has to wait.

        Raises:
            ChannelClosed: nothing can be sent any more.
        """
        if self._closed:
            raise ChannelClosed("send on a closed channel")
        if self.receivers and self._promise():
            self._items.append(value)
            return True
        if len(self._items) - self._promised < self.capacity:
            self._items.append(value)
            return True
        return False

    def receive(self) -> T | Nothing:
        """Take an item that is not promised; say why if there is none."""
        if len(self._items) == self._promised and not self._admit():
            return CLOSED if self._closed else EMPTY
        value = self._items.popleft()
        if self.senders and len(self._items) - self._promised < self.capacity:
            self._admit()
        return value

    def send_nowait(self, value: T) -> None:
        """Let an item in.

        Raises:
            ChannelClosed: nothing can be sent any more.
            WouldBlock: its sender would have to wait.
        """
        if not self.send(value):
            raise WouldBlock("no room, and nobody receives")

    def receive_nowait(self) -> T:
        """Take an item that is not promised.

        Raises:
            ChannelClosed: nothing is left to be received.
            WouldBlock: the receiver would have to wait.
        """
        received = self.receive()
        if received is EMPTY:
            raise WouldBlock("no item, and nobody sends")
        return opened(received)

    def redeem(self, *, matched: bool) -> T | Literal[Nothing.CLOSED]:
        """Take what a receiver was woken for: what it was promised, or the channel's end.

        Who is told of the end may still find what another has given back since.
        """
        if matched:
            self._promised -= 1
        elif len(self._items) == self._promised:
            return CLOSED
        return self._items.popleft()

    def give_back(self) -> None:
        """Leave the item that was promised to the next who waits, or who comes."""
        self._promised -= 1
        self._promise()

    def leave(self, waiter: Waiter) -> None:
        """Forget who waits no more."""
        self.senders.pop(waiter, None)
        self.receivers.pop(waiter, None)

    def close(self) -> None:
        """Let nothing in any more, and wake all who wait.

        Raises:
            ChannelClosed: it is closed already.
        """
        if self._closed:
            raise ChannelClosed("close of a closed channel")
        self._closed = True
        for waiter in (*self.receivers, *self.senders):
            with suppress(InvalidStateError):
                waiter.set_result(False)
        self.receivers.clear()
        self.senders.clear()

    def _promise(self) -> bool:
        """Promise one more item, to the first receiver that still waits, if there is one."""
        while self.receivers:
            waiter, _ = self.receivers.popitem(last=False)
            try:
                waiter.set_result(True)
            except InvalidStateError:
                continue
            self._promised += 1
            return True
        return False

    def _admit(self) -> bool:
        """Let in the item of the first sender that still waits, if there is one."""
        while self.senders:
            waiter, value = self.senders.popitem(last=False)
            try:
                waiter.set_result(True)
            except InvalidStateError:
                continue
            self._items.append(value)
            return True
        return False
