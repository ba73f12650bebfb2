"""The end of a link at which calls are made.

States: open (calls start) → leaving (the peer stops: none starts, the running ones end) → lost.
"""

import asyncio
import itertools
from collections.abc import AsyncIterable, Mapping
from contextlib import suppress
from typing import cast

from kitfox.codecs import Decoder, Encoder
from kitfox.core import (
    Call,
    Cancelled,
    Code,
    Internal,
    ResourceExhausted,
    RPCError,
    Unavailable,
    Unreachable,
)
from kitfox.multiplex._credit import BadFrame, Inflow, Outflow
from kitfox.multiplex._frames import (
    Cancel,
    Credit,
    End,
    Failure,
    FromServer,
    GoingAway,
    Item,
    Refused,
    Reply,
    Request,
)
from kitfox.multiplex._link import Link, LinkLimits

Outcome = Reply | BaseException


class _Outgoing:
    """One call that is not over, with the streams that its kind has."""

    __slots__ = ("answered", "call", "over", "replies", "requests")

    def __init__(self, call: Call, over: asyncio.Future[Outcome]) -> None:
        self.call = call
        # An error is a result here: when the caller has left, nobody would retrieve an exception.
        self.over = over
        self.answered = False  # whether the peer has said its last word
        self.requests: Outflow | None = None
        self.replies: Inflow | None = None

    def answer(self, outcome: Outcome) -> None:
        """End the call with the peer's last word."""
        self.answered = True
        self.end(outcome)

    def end(self, outcome: Outcome) -> None:
        """End the call; what has arrived of its replies is still taken."""
        if not self.over.done():
            self.over.set_result(outcome)
        if self.replies is not None:
            self.replies.finish()


class CallerEnd:
    """Makes calls over one link, any number at a time."""

    def __init__(self, link: Link, limits: LinkLimits) -> None:
        self._link = link
        self._limits = limits
        self._ids = itertools.count(1)
        self._calls: dict[int, _Outgoing] = {}
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._lost: asyncio.Future[None] = self._loop.create_future()

    @property
    def open(self) -> bool:
        """Whether calls may start."""
        return self._open

    async def call(self, call: Call, message: object, encode: Encoder, decode: Decoder) -> object:
        """Make a call; its replies leave by `call.send` when its method streams them.

        Raises:
            Unreachable: it was never sent, or never begun at the peer.
            RPCError: whatever else went wrong.
        """
        kind = call.method.kind
        body = None if kind.streams_requests else sized(encode(message), self._limits)
        outgoing = _Outgoing(call, self._loop.create_future())
        number = self._begin(outgoing, body)
        try:
            if kind.streams_requests or kind.streams_replies:
                await self._stream(number, outgoing, message, encode, decode)
            outcome = await outgoing.over
        finally:
            self._forget(number, outgoing)
        if not isinstance(outcome, Reply):
            raise outcome
        return None if outcome.body is None else decode(outcome.body)

    def receive(self, frame: FromServer) -> None:
        """Take a frame from the wire; raise BadFrame for one that breaks the rules."""
        if isinstance(frame, GoingAway):
            self._leave()
        elif (outgoing := self._calls.get(frame.call)) is not None:
            self._advance(outgoing, frame)

    def lose(self, why: str) -> None:
        """End every call: the link is lost."""
        self._open = False
        for outgoing in self._calls.values():
            outgoing.end(Unavailable(f"the connection was lost before the reply: {why}"))
        if not self._lost.done():
            self._lost.set_result(None)

    async def aclose(self) -> None:
        """Close the link; calls that are not over end as if it were lost."""
        self._open = False
        self._link.close()
        await asyncio.wait([self._lost])

    def _advance(
        self, outgoing: _Outgoing, frame: Item | Credit | Reply | Failure | Refused
    ) -> None:
        match frame:
            case Reply():
                if frame.metadata:
                    _take(outgoing.call, frame.metadata)
                outgoing.answer(frame)
            case Item() if outgoing.replies is not None:
                outgoing.replies.put(frame.body)
            case Credit() if outgoing.requests is not None:
                outgoing.requests.grant(frame.items)
            case Failure():
                _take(outgoing.call, frame.metadata)
                outgoing.answer(_error(frame))
            case Refused():
                outgoing.answer(Unreachable(frame.why))
            case _:
                raise BadFrame(f"{outgoing.call.method.path} has no such stream")

    def _begin(self, outgoing: _Outgoing, body: bytes | None) -> int:
        if not self._open:
            raise Unreachable("the connection is closed")
        if len(self._calls) >= self._limits.calls:
            raise ResourceExhausted(f"{self._limits.calls} calls are in flight on this connection")
        call, number = outgoing.call, next(self._ids)
        kind = call.method.kind
        if kind.streams_requests:
            outgoing.requests = Outflow()
        if kind.streams_replies:
            outgoing.replies = Inflow(lambda items: self._link.send(Credit(number, items)))
        timeout = None if call.deadline is None else call.deadline.remaining()
        self._calls[number] = outgoing
        if number == self._limits.lifetime:
            self._open = False
        metadata = call.plain_metadata()
        self._link.send(Request(number, call.method.path, body, metadata, timeout))
        return number

    def _forget(self, number: int, outgoing: _Outgoing) -> None:
        del self._calls[number]
        if not outgoing.answered:
            self._link.send(Cancel(number))
        if not self._open and not self._calls:
            self._link.close()

    def _leave(self) -> None:
        self._open = False
        if not self._calls:
            self._link.close()

    async def _stream(
        self, number: int, outgoing: _Outgoing, message: object, encode: Encoder, decode: Decoder
    ) -> None:
        """Send the requests while the replies are taken, until the call is over."""
        feeder = None
        if outgoing.requests is not None:
            feeder = asyncio.create_task(self._feed(number, outgoing, message, encode))
        try:
            if outgoing.replies is not None:
                async for body in outgoing.replies:
                    await outgoing.call.send(decode(body))
            await asyncio.wait([outgoing.over])
        finally:
            if feeder is not None:
                feeder.cancel()
                await asyncio.wait([feeder])

    async def _feed(
        self, number: int, outgoing: _Outgoing, message: object, encode: Encoder
    ) -> None:
        requests = cast("Outflow", outgoing.requests)
        try:
            async for item in cast("AsyncIterable[object]", message):
                body = sized(encode(item), self._limits)
                await requests.take()
                self._link.send(Item(number, body))
                await self._link.writable()
        except asyncio.CancelledError:
            # When the call ended first, nobody hears this; else the iterator itself was cancelled.
            outgoing.end(Cancelled("the iterator of requests was cancelled"))
            raise
        except Exception as error:  # noqa: BLE001 - the caller's own iterator failed: tell the caller
            outgoing.end(error)
        else:
            self._link.send(End(number))


def sized(body: bytes, limits: LinkLimits) -> bytes:
    """Return a message that is not too long for its link; raise ResourceExhausted for others."""
    if len(body) > limits.message:
        raise ResourceExhausted(f"the message is longer than {limits.message} bytes")
    return body


def _take(call: Call, metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        with suppress(ValueError):  # what Metadata cannot hold; the reply itself is right
            call.reply_metadata[key] = value


def _error(frame: Failure) -> RPCError:
    try:
        return RPCError.of(Code(frame.code), frame.message, frame.details)
    except ValueError:
        return Internal(f"the peer failed with {frame.code}, which is no code: {frame.message}")
