"""A wire that fails as networks do: late, silent, cut, twice.

It is a middleware, and stands wherever one may: `Through(connection, wire)` makes it the way to a
server, `Server(…, middleware=[wire])` the way in. It knows messages: a request, each item of a
stream, and the reply or error that ends a call. `FaultyProxy` is for the bytes below.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Self, cast

from kitfox.core import Call, Endpoint, Kind, Metadata, RPCError, Send, Unavailable, Unreachable


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
            crossing = _Crossing()
            self._crossings[crossing] = None
            try:
                with crossing:
                    return await self._call(endpoint, call, message, crossing)
            finally:
                del self._crossings[crossing]

        return call_over

    def cut(self) -> None:
        """Break the connection under all calls that run now: they are Unavailable."""
        for crossing in tuple(self._crossings):
            crossing.cut()

    async def _call(
        self, endpoint: Endpoint, call: Call, message: object, crossing: "_Crossing"
    ) -> object:
        if self._draw() < self.faults.refuse:
            raise Unreachable("nobody is there")
        await self._travel()
        if call.method.kind.streams_requests:
            message = self._items(cast("AsyncIterator[object]", message))
        elif self._draw() < self.faults.duplicate and call.method.kind is Kind.UNARY:
            with suppress(RPCError):  # nobody waits for the answer to the other copy
                await endpoint(_copy(call), message)
        try:
            reply = await self._streamed(endpoint, call, message, crossing)
        except RPCError:
            await self._return(crossing)
            raise
        await self._return(crossing)
        return reply

    async def _streamed(
        self, endpoint: Endpoint, call: Call, message: object, crossing: "_Crossing"
    ) -> object:
        if not call.method.kind.streams_replies:
            return await endpoint(call, message)

        async def send(item: object) -> None:
            await self._return(crossing)
            await call.send(item)

        copy = _copy(call, send)
        try:
            return await endpoint(copy, message)
        finally:
            call.tried = copy.tried
            call.reply_metadata.update(copy.reply_metadata)

    async def _items(self, items: AsyncIterator[object]) -> AsyncIterator[object]:
        async for item in items:
            await self._travel()
            yield item

    async def _return(self, crossing: "_Crossing") -> None:
        """Let a message come back."""
        await self._travel()
        after = self.faults.cut_after
        if after is not None and crossing.returned >= after:
            raise _broken()
        crossing.returned += 1

    async def _travel(self) -> None:
        """Let a message be on its way; what happens then is decided when it would arrive."""
        if late := self.faults.delay + self.faults.jitter * self._draw():
            await asyncio.sleep(late)
        while self.faults.stalled:
            await self._changed.wait()
        if self._draw() < self.faults.drop:
            await asyncio.get_running_loop().create_future()
        if self._draw() < self.faults.cut:
            raise _broken()


class _Crossing:
    """One call on a wire. Cutting it cancels what runs it, and only that becomes Unavailable."""

    def __init__(self) -> None:
        self.returned = 0
        self._cut = False

    def __enter__(self) -> Self:
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._cancelling = self._task.cancelling()
        return self

    def cut(self) -> None:
        if not self._cut:
            self._cut = True
            self._task.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._cut:
            others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not others:
                raise _broken() from None


async def _dropped(_: object) -> None:
    """Send an item to nobody."""


def _copy(call: Call, send: Send = _dropped) -> Call:
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
