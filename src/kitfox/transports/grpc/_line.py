"""The way to one peer: a channel of grpcio's that is known to be connected, or to be of no use.

grpcio's own channels connect by themselves, and again after a loss; a call on one fails the same
way whether it was sent or not. So a call waits here until the channel is ready. When there is no
way to be had, a question that does no harm tells why, and the call itself is never begun.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context

from kitfox.core import Unreachable
from kitfox.transports.grpc._grpcio import (
    FAILED,
    Channel,
    failure_of,
    is_lost,
    is_ready,
    multi_callable,
)

_QUESTION = "/grpc.health.v1.Health/Check"


class Line:
    """Gives the channel to a peer. `dial` makes one; `where` names the peer in errors.

    `stamp` says by what `dial` goes: when that is another object, and no connection stands, the
    channel is made anew. `patience` is how long connecting may take, in seconds.
    """

    def __init__(
        self,
        dial: Callable[[], Channel],
        *,
        stamp: Callable[[], object],
        where: str,
        patience: float,
    ) -> None:
        self._dial = dial
        self._stamp = stamp
        self._where = where
        self._patience = patience
        self._channel: Channel | None = None
        self._stamped: object = None
        self._retired: Channel | None = None
        self._connecting: asyncio.Task[Channel] | None = None
        self._closed = False

    async def ready(self) -> Channel:
        """Return the channel, connected.

        Raises:
            Unreachable: it cannot be.
        """
        channel = self._channel
        if channel is not None and is_ready(channel.get_state(try_to_connect=True)):
            return channel
        if self._closed:
            raise Unreachable(f"the connection to {self._where} is closed")
        if self._connecting is None:
            # In a context of its own: the deadline of whoever came first is not the others'.
            self._connecting = asyncio.create_task(self._connect(), context=Context())
        channel = await asyncio.shield(self._connecting)
        if self._closed:
            raise Unreachable(f"the connection to {self._where} was closed")
        return channel

    async def aclose(self) -> None:
        """Close the channel; calls that are not over are cancelled."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        for channel in (self._channel, self._retired):
            if channel is not None:
                await channel.close()
        self._channel = self._retired = None

    async def _connect(self) -> Channel:
        try:
            return await self._connected(await self._current())
        finally:
            self._connecting = None

    async def _connected(self, channel: Channel) -> Channel:
        settling = asyncio.create_task(_settle(channel))
        try:
            done, _ = await asyncio.wait([settling], timeout=self._patience)
        finally:
            settling.cancel()
        if not done:
            raise Unreachable(f"{self._where} did not answer within {self._patience:g} s")
        if not settling.result():
            await self._ask_why(channel)
        return channel

    async def _ask_why(self, channel: Channel) -> None:
        """Raise what is in the way, unless the peer can be reached by now."""
        ask = multi_callable(channel, _QUESTION, streams=(False, False))
        try:
            await ask(b"", timeout=self._patience, metadata=())
        except FAILED as error:
            failure = failure_of(error)
            if failure.name == "UNAVAILABLE":
                raise Unreachable(f"{self._where} cannot be reached: {failure.text}") from None

    async def _current(self) -> Channel:
        """Return the channel, made anew if what it was made by has changed.

        The one before it is left to its calls until the next change.
        """
        stamp = self._stamp()
        if self._channel is None or stamp is not self._stamped:
            if self._retired is not None:
                await self._retired.close()
            self._retired, self._channel, self._stamped = self._channel, self._dial(), stamp
        return self._channel


async def _settle(channel: Channel) -> bool:
    """Wait until a channel is connected, or has tried to in vain; say whether it is connected."""
    state = channel.get_state(try_to_connect=True)
    while not (is_ready(state) or is_lost(state)):
        await channel.wait_for_state_change(state)
        state = channel.get_state(try_to_connect=True)
    return is_ready(state)
