"""The two ends of a channel, as types: who is given one can only send, or only receive.

A channel is both, so it is passed as it is where one of them is asked for.
"""

from collections.abc import AsyncIterator
from typing import Literal, Protocol, TypeVar

from kitfox.channels._case import Receiving, Sending

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class Sender(Protocol[T_contra]):
    """Where items go in: Go's `chan<- T`."""

    async def send(self, value: T_contra) -> None:
        """Send an item, waiting until there is room for it or a receiver."""
        ...

    def send_nowait(self, value: T_contra) -> None:
        """Send an item if that is possible at once."""
        ...

    def sending(self, value: T_contra) -> Sending[object]:
        """Return the case of a select that sends an item."""
        ...

    def close(self) -> None:
        """Say that nothing more will be sent."""
        ...


class Receiver(Protocol[T_co]):
    """Where items come out: Go's `<-chan T`."""

    async def receive(self) -> T_co:
        """Receive an item, waiting until there is one."""
        ...

    async def receive_ok(self) -> tuple[T_co, Literal[True]] | tuple[None, Literal[False]]:
        """Receive an item and True; None and False when there will be no more."""
        ...

    def receive_nowait(self) -> T_co:
        """Receive an item if that is possible at once."""
        ...

    def receiving(self) -> Receiving[T_co]:
        """Return the case of a select that receives an item."""
        ...

    def __aiter__(self) -> AsyncIterator[T_co]:
        """Receive all items until the channel is closed."""
        ...
