"""The end of a link at which calls are served.

A call is in `_calls` until the last word about it: its reply, its failure, its refusal; or until
its caller cancels it or is lost, after which nothing is said about it any more.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from kitfox.codecs import Codec, request_decoder, sendable_details, serving_bytes
from kitfox.core import (
    Call,
    Cancelled,
    Endpoint,
    InFlight,
    InvalidArgument,
    Metadata,
    Method,
    ResourceExhausted,
    Routes,
    RPCError,
    Send,
    Unavailable,
    Unimplemented,
    nowhere,
    stopped,
)
from kitfox.multiplex._caller_end import sized
from kitfox.multiplex._credit import BadFrame, Inflow, Outflow
from kitfox.multiplex._frames import (
    Cancel,
    Credit,
    End,
    Failure,
    FromCaller,
    GoingAway,
    Item,
    Refused,
    Reply,
    Request,
)
from kitfox.multiplex._link import Link, LinkLimits
from kitfox.scope import Deadline


class Served(NamedTuple):
    """A method, and the endpoint that takes its requests and makes its replies as bytes."""

    method: Method
    endpoint: Endpoint


class Services:
    """What a listener serves, in one codec, whoever calls."""

    def __init__(self, routes: Routes, codec: Codec) -> None:
        self.codec = codec
        served = {method.path: _served(method, e, codec) for method, e in routes.items()}
        self.find = served.get


def _served(method: Method, endpoint: Endpoint, codec: Codec) -> Served:
    decode = request_decoder(codec, method.request)
    return Served(method, serving_bytes(endpoint, method.kind, decode, codec.encode))


class _Incoming:
    """One call that is not over, with the streams that its kind has."""

    __slots__ = ("replies", "requests", "task")

    task: asyncio.Task[None]

    def __init__(self, requests: Inflow | None, replies: Outflow | None) -> None:
        self.requests = requests
        self.replies = replies


class ServerEnd:
    """Serves the calls that come over one link. `in_flight` is the listener's."""

    def __init__(
        self, link: Link, services: Services, in_flight: InFlight, limits: LinkLimits
    ) -> None:
        self._link = link
        self._services = services
        self._in_flight = in_flight
        self._limits = limits
        self._calls: dict[int, _Incoming] = {}

    def __len__(self) -> int:
        """Return how many calls are not over."""
        return len(self._calls)

    def receive(self, frame: FromCaller) -> None:
        """Take a frame from the wire; raise BadFrame for one that breaks the rules."""
        if isinstance(frame, Request):
            self._begin(frame)
        elif (incoming := self._calls.get(frame.call)) is not None:
            self._advance(incoming, frame)

    def leave(self) -> None:
        """Tell the peer that this server stops, and to make further calls elsewhere."""
        self._link.send(GoingAway())

    def lose(self) -> None:
        """Cancel what runs: nobody is there to be answered."""
        lost, self._calls = self._calls, {}
        for incoming in lost.values():
            self._cancel(incoming, "the caller's connection is lost")

    def _cancel(self, incoming: _Incoming, why: str) -> None:
        self._in_flight.cancel(incoming.task, Cancelled(why))

    def _advance(self, incoming: _Incoming, frame: Item | End | Credit | Cancel) -> None:
        match frame:
            case Item() if incoming.requests is not None:
                incoming.requests.put(frame.body)
            case End() if incoming.requests is not None:
                incoming.requests.finish()
            case Credit() if incoming.replies is not None:
                incoming.replies.grant(frame.items)
            case Cancel():
                del self._calls[frame.call]
                self._cancel(incoming, "the caller has left")
            case _:
                raise BadFrame(f"call {frame.call} has no such stream")

    def _begin(self, frame: Request) -> None:
        if frame.call in self._calls:
            raise BadFrame(f"call {frame.call} has begun already")
        try:
            served, metadata = self._admitted(frame)
        except RPCError as error:
            self._link.send(self._failure(frame.call, error, {}))
        else:
            self._start(frame, served, metadata)

    def _admitted(self, frame: Request) -> tuple[Served, Metadata | None]:
        """Return the method that a request is for, and its metadata; raise why it cannot begin."""
        if (served := self._services.find(frame.path)) is None:
            raise Unimplemented(f"there is no method {frame.path}")
        if len(self._calls) >= self._limits.calls:
            raise ResourceExhausted(f"{self._limits.calls} calls are in flight on this connection")
        if (frame.body is None) is not served.method.kind.streams_requests:
            raise InvalidArgument(f"{frame.path} is of another kind: {served.method.kind.value}")
        if not frame.metadata:
            return served, None
        try:
            return served, Metadata(frame.metadata)
        except ValueError as error:
            raise InvalidArgument(str(error)) from None

    def _start(self, frame: Request, served: Served, metadata: Metadata | None) -> None:
        number, kind = frame.call, served.method.kind
        requests = Inflow(self._granter(number)) if kind.streams_requests else None
        replies = Outflow() if kind.streams_replies else None
        incoming = self._calls[number] = _Incoming(requests, replies)
        call = Call(
            served.method,
            metadata=metadata,
            deadline=None if frame.timeout is None else Deadline.after(frame.timeout),
            peer=self._link.peer,
            identity=self._link.identity,
            send=nowhere if replies is None else self._sender(number, replies),
        )
        run = self._serve(number, call, served.endpoint, requests or frame.body)
        try:
            incoming.task = self._in_flight.start(run, call)
        except Unavailable:
            self._end(number, Refused(number))

    def _granter(self, number: int) -> Callable[[int], None]:
        return lambda items: self._link.send(Credit(number, items))

    def _sender(self, number: int, replies: Outflow) -> Send:
        async def send(message: object) -> None:
            body = sized(self._services.codec.encode(message), self._limits)
            await replies.take()
            self._link.send(Item(number, body))
            await self._link.writable()

        return send

    async def _serve(self, number: int, call: Call, endpoint: Endpoint, request: object) -> None:
        try:
            reply = cast("bytes | None", await endpoint(call, request))
            body = None if reply is None else sized(reply, self._limits)
        except RPCError as error:
            self._end(number, self._failure(number, error, call.plain_reply_metadata()))
        except asyncio.CancelledError:
            self._end(number, self._failure(number, stopped(), call.plain_reply_metadata()))
            raise
        else:
            self._end(number, Reply(number, body, call.plain_reply_metadata()))

    def _end(self, number: int, last: Reply | Failure | Refused) -> None:
        """Say the last word about a call, unless its caller has ended it."""
        if self._calls.pop(number, None) is not None:
            self._link.send(last)

    def _failure(self, number: int, error: RPCError, metadata: Mapping[str, str]) -> Failure:
        details = sendable_details(error, self._services.codec)
        return Failure(number, error.code.value, error.message, details, metadata)
