"""A wire that fails as networks do: late, silent, cut, twice.

It is a middleware, and stands wherever one may: `Through(connection, wire)` makes it the way to a
server, `Server(…, middleware=[wire])` the way in. It knows messages: a request, each item of a
stream, and the reply or error that ends a call. `FaultyProxy` is for the bytes below.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, fields
from typing import cast

from kitfox.core import (
    Call,
    Endpoint,
    Kind,
    Metadata,
    RPCError,
    Send,
    Unavailable,
    Unreachable,
    nowhere,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What becomes of messages. Times are in seconds; the rest are parts of all, from 0.0 to 1.0.

    Raises:
        ValueError: a number is out of its range.
    """

    delay: float = 0.0
    """Each message is so late,"""
    jitter: float = 0.0
    """and by chance up to so much later."""
    drop: float = 0.0
    """Of all messages, those that get lost for good: from there on, the call hears nothing."""
    cut: float = 0.0
    """Of all messages, those at which the connection breaks: the call is Unavailable."""
    cut_after: int | None = None
    """In each call the connection breaks after so many messages have come back."""
    duplicate: float = 0.0
    """Of all requests of unary methods, those that arrive twice."""
    refuse: float = 0.0
    """Of all calls, those for which nobody is there: Unreachable."""
    stalled: bool = False
    """No message passes; all wait until this is over. So a black hole seems, or a stopped process,
    and so a cable that is plugged in again goes on."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = cast("float | None", getattr(self, field.name))
            most = 1.0 if field.name in {"drop", "cut", "duplicate", "refuse"} else float("inf")
            if value is not None and not 0 <= value <= most:
                msg = f"{field.name}={value}: expected a number from 0 to {most:g}"
                raise ValueError(msg)


class FaultyWire:
    """A middleware with faults, which may be changed while calls run.

    `draw` gives numbers from 0 up to 1: with `Random(7).random`, a test does the same each time.
    """

    def __init__(
        self, faults: Faults | None = None, *, draw: Callable[[], float] = random.random
    ) -> None:
        self._faults = faults or Faults()
        self._changed = asyncio.Event()
        self._draw = draw
        self._crossings: dict[_Crossing, None] = {}  # in the order of their beginnings

    @property
    def faults(self) -> Faults:
        """What is wrong with it now; set it to other faults, or to `Faults()` to mend it."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint behind this wire."""

        async def call_over(call: Call, message: object) -> object:
            if self._draw() < self.faults.refuse:
                raise Unreachable("nobody is there")
            twice = self._draw() < self.faults.duplicate and call.method.kind is Kind.UNARY
            crossing = _Crossing(self, call, _doubled(endpoint) if twice else endpoint)
            self._crossings[crossing] = None
            try:
                return await crossing.run(message)
            finally:
                del self._crossings[crossing]

        return call_over

    def cut(self) -> None:
        """Break the connection under all calls that run now: they are Unavailable."""
        for crossing in tuple(self._crossings):
            crossing.cut()

    async def travel(self) -> None:
        """Let a message be on its way; what becomes of it is decided when it would arrive.

        Raises:
            Unavailable: the connection broke.
        """
        if late := self.faults.delay + self.faults.jitter * self._draw():
            await asyncio.sleep(late)
        while self.faults.stalled:
            await self._changed.wait()
        if self._draw() < self.faults.drop:
            await asyncio.get_running_loop().create_future()
        if self._draw() < self.faults.cut:
            raise _broken()


class _Crossing:
    """One call on a wire.

    Cutting it cancels the task that runs it; that cancellation, and no other, becomes Unavailable.
    """

    def __init__(self, wire: FaultyWire, call: Call, endpoint: Endpoint) -> None:
        self._wire = wire
        self._call = call
        self._endpoint = endpoint
        self._returned = 0
        self._broken = False
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._cancelling = self._task.cancelling()
        self._cut = False

    def cut(self) -> None:
        if not self._cut:
            self._cut = True
            self._task.cancel()

    async def run(self, message: object) -> object:
        try:
            return await self._there_and_back(message)
        except asyncio.CancelledError:
            if self._cut and self._task.uncancel() <= self._cancelling:
                raise _broken() from None
            raise

    async def _there_and_back(self, message: object) -> object:
        await self._travel()
        try:
            reply = await self._answered(message)
        except RPCError:
            if not self._broken:  # it came from the far end
                await self._return()
            raise
        await self._return()
        return reply

    async def _answered(self, message: object) -> object:
        if not self._call.method.kind.streams_requests:
            return await self._streamed(message)
        async with aclosing(self._items(cast("AsyncIterator[object]", message))) as requests:
            return await self._streamed(requests)

    async def _streamed(self, message: object) -> object:
        if not self._call.method.kind.streams_replies:
            return await self._endpoint(self._call, message)
        copy = _copy(self._call, self._send)
        try:
            return await self._endpoint(copy, message)
        finally:
            self._call.tried = copy.tried
            self._call.reply_metadata.update(copy.reply_metadata)

    async def _items(self, items: AsyncIterator[object]) -> AsyncGenerator[object, None]:
        async for item in items:
            await self._travel()
            yield item

    async def _send(self, item: object) -> None:
        await self._return()
        await self._call.send(item)

    async def _return(self) -> None:
        """Let a message come back."""
        await self._travel()
        after = self._wire.faults.cut_after
        if after is not None and self._returned >= after:
            self._broken = True
            raise _broken()
        self._returned += 1

    async def _travel(self) -> None:
        try:
            await self._wire.travel()
        except Unavailable:
            self._broken = True
            raise


def _doubled(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint to which every request comes twice; the first copy's end is not told."""

    async def call_twice(call: Call, message: object) -> object:
        with suppress(RPCError):
            await endpoint(_copy(call, nowhere), message)
        return await endpoint(call, message)

    return call_twice


def _copy(call: Call, send: Send) -> Call:
    copy = Call(
        call.method,
        metadata=Metadata(call.metadata),
        deadline=call.deadline,
        peer=call.peer,
        identity=call.identity,
        send=send,
    )
    copy.scopes, copy.tried = call.scopes, call.tried
    return copy


def _broken() -> Unavailable:
    return Unavailable("the connection broke")
