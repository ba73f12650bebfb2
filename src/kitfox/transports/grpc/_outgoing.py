"""One method, called: from the endpoint's call to what grpcio does, and back."""

import asyncio
from collections.abc import AsyncIterable
from contextlib import aclosing
from typing import cast

from kitfox.codecs import Decoder, Encoder
from kitfox.core import Call, Cancelled, Method, RPCError, Unavailable
from kitfox.transports.grpc._grpcio import (
    FAILED,
    OVER,
    ClientCall,
    Pair,
    failure_of,
    multi_callable,
    write,
)
from kitfox.transports.grpc._line import Line
from kitfox.transports.grpc._metadata import request_pairs, take_metadata
from kitfox.transports.grpc._outside import cancelled_from_outside
from kitfox.transports.grpc._rounding import rounded_down
from kitfox.transports.grpc._status import Statuses


class Outgoing:
    """Makes the calls of one method; each shows `credentials`, which are metadata."""

    def __init__(
        self,
        line: Line,
        method: Method,
        encode: Encoder,
        decode: Decoder,
        *,
        statuses: Statuses,
        credentials: tuple[Pair, ...] = (),
    ) -> None:
        self._line = line
        self._path = method.path
        self._kind = method.kind
        self._streams = (method.kind.streams_requests, method.kind.streams_replies)
        self._encode = encode
        self._decode = decode
        self._statuses = statuses
        self._credentials = credentials

    async def run(self, call: Call, message: object) -> object:
        """Make a call."""
        body = () if self._kind.streams_requests else (self._encode(message),)
        metadata = (*request_pairs(call.plain_metadata()), *self._credentials)
        start = multi_callable(await self._line.ready(), self._path, streams=self._streams)
        timeout = None if call.deadline is None else rounded_down(call.deadline.remaining())
        under_way = start(*body, timeout=timeout, metadata=metadata)
        try:
            if self._kind.streams_requests:
                return await self._exchange(under_way, call, message)
            return await self._outcome(under_way, call)
        finally:
            under_way.cancel()

    async def _outcome(self, under_way: ClientCall, call: Call) -> object:
        try:
            reply = await self._receive(under_way, call)
        except asyncio.CancelledError:
            if cancelled_from_outside():
                raise
            raise Unavailable("the connection was closed before the reply came") from None
        except FAILED as error:
            failure = failure_of(error)
            take_metadata(call.reply_metadata, failure.metadata)
            raise self._statuses.error_of(failure) from None
        take_metadata(call.reply_metadata, await under_way.initial_metadata())
        take_metadata(call.reply_metadata, await under_way.trailing_metadata())
        return reply

    async def _receive(self, under_way: ClientCall, call: Call) -> object:
        if not self._kind.streams_replies:
            return self._decode(await under_way)
        async with aclosing(aiter(under_way)) as bodies:
            async for body in bodies:
                await call.send(self._decode(body))
        return None

    async def _exchange(self, under_way: ClientCall, call: Call, requests: object) -> object:
        """Send and receive at once. An iterator of requests that fails ends the call."""
        feeding = asyncio.create_task(self._feed(under_way, requests))
        try:
            return await self._outcome(under_way, call)
        except RPCError:
            if (error := _failure(feeding)) is not None:
                raise error from None
            raise
        finally:
            feeding.cancel()
            await asyncio.wait([feeding])

    async def _feed(self, under_way: ClientCall, requests: object) -> Exception | None:
        """Send requests; return what kept the call from having them all, if that was ours."""
        try:
            async for request in cast("AsyncIterable[object]", requests):
                body = self._encode(request)
                try:
                    await write(under_way, body)
                except OVER:  # the call's outcome says why
                    return None
            await under_way.done_writing()
        except Exception as error:  # noqa: BLE001 - the caller's own iterator failed: tell the caller
            under_way.cancel()
            return error
        except asyncio.CancelledError:
            under_way.cancel()
            raise
        return None


def _failure(feeding: asyncio.Task[Exception | None]) -> Exception | None:
    if not feeding.done():
        return None
    if feeding.cancelled():
        return Cancelled("the iterator of requests was cancelled")
    return feeding.result()
