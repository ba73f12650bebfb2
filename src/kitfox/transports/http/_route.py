"""One method over HTTP: from a request that was routed here to its answer.

The request's body is read, a call is made of it, the endpoint runs and its reply leaves; each is
a function, in that order.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import cast

from kitfox.codecs import JSON, serving_bytes
from kitfox.core import Call, Code, Endpoint, RPCError, Send, nowhere, stopped
from kitfox.net import BodyTooLarge, read_body
from kitfox.schema import Operation
from kitfox.scope import Deadline
from kitfox.transports.http._binding import reader_of
from kitfox.transports.http._event_stream import EventStream
from kitfox.transports.http._exchange import Exchange
from kitfox.transports.http._headers import HeaderMetadata, timeout_of
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._status import Refused
from kitfox.transports.http._streams import Streams


class Route:
    """Answers the requests for one method."""

    def __init__(
        self, operation: Operation, endpoint: Endpoint, limits: HTTPLimits, streams: Streams
    ) -> None:
        kind = operation.method.kind
        self._encode = JSON().encode
        self._endpoint = serving_bytes(endpoint, kind, reader_of(operation), self._encode)
        self._method = operation.method
        # A method's own path is no safe one to GET: idempotent is not harmless, and any page can
        # make a browser follow a link. Whom another site may send to a route, its author decides.
        self.safe = operation.verb == "GET" and operation.path != operation.method.path
        self._takes_body = operation.body
        self._body_limit = limits.body
        self._streams = streams
        self._replies = self._stream if kind.streams_replies else self._single

    def answer(self, exchange: Exchange, names: Mapping[str, str]) -> Awaitable[None]:
        """Answer one request, with the texts in its path by name; raise Refused for HTTP's own."""
        if self._takes_body:
            return self._answer_body(exchange, names)
        return self._replies(exchange, (b"", names, exchange.scope["query_string"]))

    def _answer_body(self, exchange: Exchange, names: Mapping[str, str]) -> Awaitable[None]:
        body = exchange.direct.whole_body(exchange.scope) if exchange.direct else None
        if body is None or len(body) > self._body_limit:
            return self._answer_when_read(exchange, names)
        _check_type(exchange, body)
        return self._replies(exchange, (body, names, exchange.scope["query_string"]))

    async def _answer_when_read(self, exchange: Exchange, names: Mapping[str, str]) -> None:
        body = await self._read(exchange)
        _check_type(exchange, body)
        await self._replies(exchange, (body, names, exchange.scope["query_string"]))

    async def _read(self, exchange: Exchange) -> bytes:
        _check_length(exchange, self._body_limit)
        try:
            return await read_body(exchange.receive, self._body_limit)
        except BodyTooLarge as error:
            raise Refused(413, Code.RESOURCE_EXHAUSTED, str(error)) from None

    def _call(self, exchange: Exchange, send: Send = nowhere) -> Call:
        left = timeout_of(exchange.headers)
        return Call(
            self._method,
            metadata=HeaderMetadata(exchange.headers),
            deadline=None if left is None else Deadline.after(left),
            peer=exchange.peer,
            identity=exchange.identity,
            send=send,
        )

    async def _single(self, exchange: Exchange, request: object) -> None:
        call = self._call(exchange)
        watch = exchange.watch(call)
        try:
            try:
                reply = await self._endpoint(call, request)
            finally:
                watch.stop()
        except RPCError as error:
            await exchange.fail(error, call.reply_metadata)
        except asyncio.CancelledError:
            watch.take_back()
            if not watch.gone:  # it is the server that stops
                await exchange.fail(stopped())
        else:
            await exchange.reply(cast("bytes", reply), call.reply_metadata)

    async def _stream(self, exchange: Exchange, request: object) -> None:
        if exchange.scope["method"] == "HEAD":
            await exchange.no_events()
            return
        stream = EventStream(exchange, self._encode)
        call = self._call(exchange, stream.put)
        stream.metadata = call.reply_metadata
        watch = exchange.watch(call)
        try:
            try:
                with self._streams.one():
                    await self._endpoint(call, request)
            finally:
                watch.stop()
                stream.quiet()
        except RPCError as error:
            await stream.fail(error)
        except asyncio.CancelledError:
            watch.take_back()
            if not watch.gone:
                await stream.fail(stopped())
        else:
            await stream.end()


def _check_length(exchange: Exchange, limit: int) -> None:
    """Refuse what is announced to be too long before a byte of it is read."""
    if int(exchange.headers.get(b"content-length", b"0")) > limit:
        raise Refused(413, Code.RESOURCE_EXHAUSTED, f"the body is longer than {limit} bytes")


def _check_type(exchange: Exchange, body: bytes) -> None:
    """Refuse a body that is not declared as JSON.

    Not pedantry: a browser posts JSON across sites only with the server's consent (CORS), but
    plain text and forms without.
    """
    declared = exchange.headers.get(b"content-type", b"")
    if declared == b"application/json":
        return
    kind = declared.partition(b";")[0].strip().lower()
    if kind == b"application/json" or (kind.endswith(b"+json") and b"/" in kind):
        return
    if body or kind:
        got = kind.decode("latin-1") or "none"
        text = f"content-type: expected application/json, got {got}"
        raise Refused(415, Code.INVALID_ARGUMENT, text)
