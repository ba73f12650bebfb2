"""A channel between threads, and between event loops.

It decides as `Channel` does, with a lock around each decision. No lock is held while anybody waits.

A task that is collected as garbage, because its loop was closed under it, gives back what it was
promised. That may happen in any thread, also in one that holds the lock: so it can be taken twice.
"""

import asyncio
import threading
from collections.abc import Iterator
from typing import Generic, Literal, Self, TypeVar

from kitfox.channels._case import Receiving, Sending
from kitfox.channels._select import select
from kitfox.channels._state import EMPTY, ChannelClosed, State, opened

T = TypeVar("T")


class ThreadChannel(Generic[T]):
    """Passes items between threads and loops: a `Channel` that any of them may use.

    Tasks await `send` and `receive`, and select; threads without a loop call `send_blocking` and
    `receive_blocking`, or go through the channel with `for`.
    """

    __slots__ = ("_lock", "_state")

    def __init__(self, capacity: int = 0) -> None:
        self._lock = threading.RLock()
        self._state: State[T] = State(capacity)

    @property
    def capacity(self) -> int:
        """How many items may wait in it."""
        return self._state.capacity

    def __len__(self) -> int:
        """Count the items in it; another thread may change that at any time."""
        with self._lock:
            return len(self._state)

    def __bool__(self) -> bool:
        """Be true: a channel is there, be it empty or not."""
        return True

    def __repr__(self) -> str:
        with self._lock:
            return f"<ThreadChannel {self._state!r}>"

    async def send(self, value: T) -> None:
        """Send an item, waiting until there is room for it or a receiver.

        Raises:
            ChannelClosed: the channel is closed, or is while this waits; nothing was sent.
        """
        await select(self.sending(value))

    async def receive(self) -> T:
        """Receive the next item, waiting until there is one.

        Raises:
            ChannelClosed: the channel is closed, and nothing is left in it.
        """
        return (await select(self.receiving())).value

    async def receive_ok(self) -> tuple[T, Literal[True]] | tuple[None, Literal[False]]:
        """Receive the next item, and True; None and False when there will be no more."""
        case = await select(self.receiving())
        return (case.value, True) if case.ok else (None, False)

    def send_blocking(self, value: T, *, timeout: float | None = None) -> None:
        """Send an item, letting this thread wait until there is room for it or a receiver.

        Raises:
            ChannelClosed: the channel is closed, or is while this waits; nothing was sent.
            TimeoutError: so many seconds have passed; nothing was sent.
            RuntimeError: this thread runs an event loop, which would stand still.
        """
        _refuse_loops()
        waiter = _ThreadWaiter()
        try:
            with self._lock:
                if self._state.send(value):
                    return
                self._state.senders[waiter] = value
            waiter.wait(timeout)
        finally:
            with self._lock:
                self._state.leave(waiter)
        if not waiter.woken:
            raise TimeoutError(_late(timeout))
        if not waiter.matched:
            raise ChannelClosed("send on a closed channel")

    def receive_blocking(self, *, timeout: float | None = None) -> T:
        """Receive the next item, letting this thread wait until there is one.

        Raises:
            ChannelClosed: the channel is closed, and nothing is left in it.
            TimeoutError: so many seconds have passed.
            RuntimeError: this thread runs an event loop, which would stand still.
        """
        _refuse_loops()
        waiter = _ThreadWaiter()
        try:
            with self._lock:
                received = self._state.receive()
                if received is not EMPTY:
                    return opened(received)
                self._state.receivers[waiter] = None
            waiter.wait(timeout)
        except BaseException:
            self._give_up(waiter)
            raise
        with self._lock:
            self._state.leave(waiter)
            received = self._state.redeem(matched=waiter.matched) if waiter.woken else EMPTY
        if received is EMPTY:
            raise TimeoutError(_late(timeout))
        return opened(received)

    def send_nowait(self, value: T) -> None:
        """Send an item if that is possible at once.

        Raises:
            ChannelClosed: the channel is closed.
            WouldBlock: there is no room for it, and nobody waits for it.
        """
        with self._lock:
            self._state.send_nowait(value)

    def receive_nowait(self) -> T:
        """Receive the next item if there is one.

        Raises:
            ChannelClosed: the channel is closed, and nothing is left in it.
            WouldBlock: there is none, and nobody waits to send one.
        """
        with self._lock:
            return self._state.receive_nowait()

    def __aiter__(self) -> Self:
        """Receive all items until the channel is closed."""
        return self

    async def __anext__(self) -> T:
        case = await select(self.receiving())
        if not case.ok:
            raise StopAsyncIteration
        return case.value

    def __iter__(self) -> Iterator[T]:
        """Receive all items until the channel is closed, letting this thread wait for them."""
        while True:
            try:
                received = self.receive_blocking()
            except ChannelClosed:
                return
            yield received

    def close(self) -> None:
        """Say that nothing more will be sent. What is in the channel can still be received.

        Who waits to send fails; who waits to receive learns that there will be no more.

        Raises:
            ChannelClosed: it is closed already.
        """
        with self._lock:
            self._state.close()

    def sending(self, value: T) -> Sending[T]:
        """Return the case of a select that sends an item."""
        return Sending(value, self._state, self._lock)

    def receiving(self) -> Receiving[T]:
        """Return the case of a select that receives the next item."""
        return Receiving(self._state, self._lock)

    def _give_up(self, waiter: "_ThreadWaiter") -> None:
        """Receive nothing after all, though an item may have come."""
        with self._lock:
            self._state.leave(waiter)
            if waiter.matched:
                self._state.give_back()


class _ThreadWaiter:
    """A thread that waits for one channel."""

    __slots__ = ("_gate", "matched", "woken")

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._gate.acquire()
        self.woken = False
        self.matched = False

    def set_result(self, matched: bool, /) -> None:  # noqa: FBT001 - a Future's
        """Let the thread go on; raise InvalidStateError if it does."""
        if self.woken:
            raise asyncio.InvalidStateError("the thread was woken before")
        self.woken = True
        self.matched = matched
        self._gate.release()

    def wait(self, timeout: float | None) -> None:
        """Wait to be woken, for so many seconds at most."""
        self._gate.acquire(timeout=-1 if timeout is None else max(0.0, timeout))


def _refuse_loops() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("this thread runs an event loop: await send() or receive()")


def _late(timeout: float | None) -> str:
    return f"nothing happened within {timeout} seconds"
