"""Client and server in one process, without a wire.

Messages still pass through a codec and handlers still run in tasks of their own, so what works
here works over a network: the two sides share no object and no context.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager
from typing import cast

from kitfox.codecs import (
    Codec,
    Decoder,
    MessagePack,
    reply_decoder,
    request_decoder,
    sendable_details,
    serving_bytes,
)
from kitfox.core import (
    Call,
    Cancelled,
    Endpoint,
    InFlight,
    Kind,
    Metadata,
    Method,
    Routes,
    RPCError,
    Slot,
    Unimplemented,
    Unreachable,
    stopped,
)

Outcome = bytes | RPCError | None


class Memory:
    """Both ends of a wire that never leaves the process: a listener and a connection.

    `grace` is how long, in seconds, running calls may go on when the listener stops.
    """

    kinds = frozenset(Kind)

    def __init__(self, *, codec: Codec | None = None, grace: float = 30.0) -> None:
        self._codec = codec or MessagePack()
        self._grace = grace
        self._in_flight = InFlight()
        self._routes: dict[str, Endpoint] | None = None

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes` to this object's own clients; leaving drains."""
        self._in_flight = InFlight()
        self._routes = {
            method.path: serving_bytes(
                endpoint,
                method.kind,
                request_decoder(self._codec, method.request),
                self._codec.encode,
            )
            for method, endpoint in routes.items()
        }
        try:
            yield "memory:"
        finally:
            try:
                await self._in_flight.drain(self._grace)
            finally:
                self._routes = None

    def endpoint(self, method: Method) -> Endpoint:
        """Return what calls `method` of whoever listens at the time of the call."""
        decode = reply_decoder(self._codec, method.reply)

        async def call_over(call: Call, message: object) -> object:
            exchange = _Exchange(call, message, self._codec, decode)
            return await exchange.run(self._find(method), self._in_flight)

        return call_over

    def _find(self, method: Method) -> Endpoint:
        if self._routes is None:
            text = "nobody listens"
            raise Unreachable(text)
        if (endpoint := self._routes.get(method.path)) is None:
            text = f"there is no method {method.path}"
            raise Unimplemented(text)
        return endpoint


class _Exchange:
    """One call: what goes to and fro between the caller's task and the handler's."""

    def __init__(self, call: Call, message: object, codec: Codec, decode: Decoder) -> None:
        self._call = call
        self._message = message
        self._codec = codec
        self._encode = codec.encode
        self._decode = decode
        self._requests = Slot()
        self._replies = Slot()

    async def run(self, endpoint: Endpoint, in_flight: InFlight) -> object:
        """Start the handler, pass the items on, and end with it or end it."""
        served = Call(
            self._call.method,
            metadata=Metadata(self._call.metadata),
            deadline=self._call.deadline,
            peer="memory:",
            send=self._reply,
        )
        streams = self._call.method.kind.streams_requests
        request = self._requests if streams else self._encode(self._message)
        handler = in_flight.start(self._handle(endpoint, served, request), served)
        handler.add_done_callback(lambda _: self._replies.finish())
        feeder = asyncio.create_task(self._feed()) if streams else None
        try:
            async for item in self._replies:
                await self._call.send(self._decode(cast("bytes", item)))
            return self._finish(handler)
        finally:
            in_flight.cancel(handler, Cancelled("the caller has left"))
            if feeder is not None:
                feeder.cancel()
                await asyncio.wait([feeder])
            self._call.reply_metadata.update(served.reply_metadata)

    def _finish(self, handler: asyncio.Task[Outcome]) -> object:
        if handler.cancelled():
            raise stopped()
        outcome = handler.result()
        if isinstance(outcome, RPCError):
            raise outcome
        return None if outcome is None else self._decode(outcome)

    async def _handle(self, endpoint: Endpoint, call: Call, request: object) -> Outcome:
        try:
            return cast("bytes | None", await endpoint(call, request))
        except RPCError as error:
            details = sendable_details(error, self._codec)
            return RPCError.of(error.code, error.message, details)

    async def _reply(self, message: object) -> None:
        await self._replies.put(self._encode(message))

    async def _feed(self) -> None:
        try:
            async for item in cast("AsyncIterable[object]", self._message):
                await self._requests.put(self._encode(item))
        except asyncio.CancelledError:
            # When the call ended first, nobody hears this; else the iterator itself was cancelled.
            self._replies.finish(Cancelled("the iterator of requests was cancelled"))
            raise
        except Exception as error:  # noqa: BLE001 - the caller's own iterator failed: tell the caller
            self._replies.finish(error)
        else:
            self._requests.finish()
