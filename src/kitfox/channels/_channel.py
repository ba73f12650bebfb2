"""A channel between the tasks of one event loop.

What one task did is seen by another, for what it is worth in one thread, in Go's order:

- A send happens before its receive returns.
- The close happens before a receive returns because of it.
- With a capacity of C, receive number k happens before send number k + C returns. So with none a
  sender goes on when a receiver has come for its item.

What can be done at once is done at once: the task goes on, and no other runs in between. Who sends
and receives in a loop that never waits lets nobody else run.

Cancellation:

- A receive that is cancelled has received nothing.
- A send that is cancelled has sent nothing, but for one case: its item was taken, and it was
  cancelled before it could run again. Nothing can call back what others work with already, and to
  go on would be to ignore the cancellation. Who must know sets no deadline from outside but asks:
  `select(channel.sending(item), timeout=…)` returns None only if nothing was sent.
"""

from asyncio import Future
from typing import Generic, Literal, Self, TypeVar

from kitfox.channels._case import Receiving, Sending
from kitfox.channels._state import CLOSED, EMPTY, ChannelClosed, Nothing, State

T = TypeVar("T")


class Channel(Generic[T]):
    """Passes items from those who send to those who receive, as Go's channels do.

    `capacity` items may be in it that nobody has received; with none, a send waits for a receive.
    It belongs to one event loop; between loops and threads there is `ThreadChannel`.
    """

    __slots__ = ("_state",)

    def __init__(self, capacity: int = 0) -> None:
        self._state: State[T] = State(capacity)

    @property
    def capacity(self) -> int:
        """How many items may wait in it."""
        return self._state.capacity

    def __len__(self) -> int:
        """Count the items in it."""
        return len(self._state)

    def __bool__(self) -> bool:
        """Be true: a channel is there, be it empty or not."""
        return True

    def __repr__(self) -> str:
        return f"<Channel {self._state!r}>"

    async def send(self, value: T) -> None:
        """Send an item, waiting until there is room for it or a receiver.

        Raises:
            ChannelClosed: the channel is closed, or is while this waits; nothing was sent.
        """
        if self._state.send(value):
            return
        # It is the running loop's; to ask that loop for it takes twice as long.
        waiter: Future[bool] = Future()
        self._state.senders[waiter] = value
        try:
            matched = await waiter
        except BaseException:
            self._state.leave(waiter)
            raise
        if not matched:
            raise ChannelClosed("send on a closed channel")

    def send_nowait(self, value: T) -> None:
        """Send an item if that is possible at once.

        Raises:
            ChannelClosed: the channel is closed.
            WouldBlock: there is no room for it, and nobody waits for it.
        """
        self._state.send_nowait(value)

    async def receive(self) -> T:
        """Receive the next item, waiting until there is one.

        Raises:
            ChannelClosed: the channel is closed, and nothing is left in it.
        """
        received = self._state.receive()
        if received is EMPTY:
            received = await self._wait_to_receive()
        if received is CLOSED:
            raise ChannelClosed("receive from a closed channel")
        return received

    async def receive_ok(self) -> tuple[T, Literal[True]] | tuple[None, Literal[False]]:
        """Receive the next item, and True; None and False when there will be no more."""
        received = self._state.receive()
        if received is EMPTY:
            received = await self._wait_to_receive()
        return (None, False) if received is CLOSED else (received, True)

    def receive_nowait(self) -> T:
        """Receive the next item if there is one.

        Raises:
            ChannelClosed: the channel is closed, and nothing is left in it.
            WouldBlock: there is none, and nobody waits to send one.
        """
        return self._state.receive_nowait()

    def __aiter__(self) -> Self:
        """Receive all items until the channel is closed."""
        return self

    async def __anext__(self) -> T:
        received = self._state.receive()
        if received is EMPTY:
            received = await self._wait_to_receive()
        if received is CLOSED:
            raise StopAsyncIteration
        return received

    def close(self) -> None:
        """Say that nothing more will be sent. What is in the channel can still be received.

        Who waits to send fails; who waits to receive learns that there will be no more.

        Raises:
            ChannelClosed: it is closed already.
        """
        self._state.close()

    def sending(self, value: T) -> Sending[T]:
        """Return the case of a select that sends an item."""
        return Sending(value, self._state)

    def receiving(self) -> Receiving[T]:
        """Return the case of a select that receives the next item."""
        return Receiving(self._state)

    async def _wait_to_receive(self) -> T | Literal[Nothing.CLOSED]:
        waiter: Future[bool] = Future()
        self._state.receivers[waiter] = None
        try:
            matched = await waiter
        except BaseException:
            self._state.leave(waiter)
            if _was_matched(waiter):
                self._state.give_back()
            raise
        return self._state.redeem(matched=matched)


def _was_matched(waiter: Future[bool]) -> bool:
    """Tell a task that was cancelled whether it had been woken before, by a match."""
    return waiter.done() and not waiter.cancelled() and waiter.result()
