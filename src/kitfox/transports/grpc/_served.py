"""One method, served: from what grpcio hands over to the endpoint and back."""

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

from kitfox.codecs import invalid, serving_bytes
from kitfox.core import (
    Call,
    Cancelled,
    Endpoint,
    InFlight,
    Metadata,
    Method,
    RPCError,
    Send,
    Unavailable,
    nowhere,
    stopped,
)
from kitfox.scope import Deadline
from kitfox.transports.grpc._grpcio import OVER, Context, fail, is_eof, method_handler
from kitfox.transports.grpc._messages import Messages, reader, writer
from kitfox.transports.grpc._metadata import reply_pairs, take_metadata
from kitfox.transports.grpc._outside import cancelled_from_outside
from kitfox.transports.grpc._peer import identity_of, peer_of
from kitfox.transports.grpc._status import Statuses, text_of

_DOUBT = 0.002  # seconds


class Served:
    """Serves the calls of one method, each in a task of its own."""

    def __init__(
        self,
        method: Method,
        endpoint: Endpoint,
        messages: Messages,
        *,
        statuses: Statuses,
        in_flight: InFlight,
        limit: int,
    ) -> None:
        self._method = method
        self._statuses = statuses
        self._in_flight = in_flight
        self._encode = writer(messages.encoder(method.reply), limit)
        decode = reader(messages.decoder(method.request), invalid)
        self._endpoint = serving_bytes(endpoint, method.kind, decode, self._encode)

    @property
    def handler(self) -> object:
        """The method as a server of grpcio takes it."""
        kind = self._method.kind
        return method_handler(self._run, streams=(kind.streams_requests, kind.streams_replies))

    async def _run(self, request: object, context: Context) -> bytes | None:
        call = self._call(context)
        if self._method.kind.streams_requests:
            request = _requests(context)
        outcome = await self._outcome(call, request)
        pairs = reply_pairs(call.plain_reply_metadata())
        if isinstance(outcome, RPCError):
            fail(context, outcome.code.name, text_of(outcome))
            pairs += self._statuses.trailers(outcome)
            outcome = None
        context.set_trailing_metadata(tuple(pairs))
        return outcome

    async def _outcome(self, call: Call, request: object) -> bytes | RPCError | None:
        try:
            task = self._in_flight.start(self._serve(call, request), call)
        except Unavailable as error:
            return error
        try:
            # Not `await task`, which would be told of a cancellation only when the task is over.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not cancelled_from_outside():
                return stopped()
            self._in_flight.cancel(task, Cancelled("the caller has left, or its deadline came"))
            await asyncio.wait([task])
            raise

    async def _serve(self, call: Call, request: object) -> bytes | RPCError | None:
        try:
            return cast("bytes | None", await self._endpoint(call, request))
        except RPCError as error:  # without its traceback, which would keep all this alive
            return RPCError.of(error.code, error.message, error.details)

    def _call(self, context: Context) -> Call:
        metadata = Metadata()
        take_metadata(metadata, context.invocation_metadata())
        left = context.time_remaining()
        return Call(
            self._method,
            metadata=metadata,
            deadline=None if left is None else Deadline.after(left),
            peer=peer_of(context.peer()),
            identity=identity_of(context.auth_context()),
            send=self._sender(context) if self._method.kind.streams_replies else nowhere,
        )

    def _sender(self, context: Context) -> Send:
        async def send(message: object) -> None:
            body = self._encode(message)
            try:
                await context.write(body)
            except OVER:
                text = "the caller has left"
                raise Cancelled(text) from None

        return send


async def _requests(context: Context) -> AsyncGenerator[object, None]:
    """Yield the requests of a call.

    To grpcio the requests of a call that breaks off just end, and the word of its breaking follows
    them: so the end counts when no such word has come for a moment.
    """
    while not is_eof(request := await context.read()):
        yield request
    await asyncio.sleep(_DOUBT)
