"""Methods called over HTTP."""

from collections.abc import Callable
from typing import cast

from kitfox.codecs import JSON, Decoder, reply_decoder
from kitfox.core import (
    Call,
    Closing,
    Endpoint,
    Internal,
    Method,
    ResourceExhausted,
    RPCError,
    Unavailable,
    Unimplemented,
    Unreachable,
)
from kitfox.net import (
    TLS,
    ConnectFailed,
    HTTPClient,
    HTTPError,
    HTTPReplyStream,
    QueueFull,
    ReplyTooLarge,
    split_url,
)
from kitfox.transports.http._headers import headers_of, take_metadata, timeout_header
from kitfox.transports.http._sse import End, Event, EventReader
from kitfox.transports.http._status import error_of

_JSON = (b"content-type", b"application/json")
_EVENTS = (b"accept", b"text/event-stream")
_EVENT_LIMIT = 8 << 20
_END = reply_decoder(JSON(), End)


class HTTPConnection(Closing):
    """A connection to whoever serves HTTP at `url`, such as `http://127.0.0.1:8080`.

    Connections of TCP are opened when needed and kept. A `client` given is shared and left open;
    otherwise the connection has its own, with this `tls`, and must be closed.

    Raises:
        ValueError: the URL is malformed, or `tls` is of no use.
    """

    def __init__(
        self, url: str, *, client: HTTPClient | None = None, tls: TLS | None = None
    ) -> None:
        split_url(url)
        self._url = url.rstrip("/")
        self._client = client or HTTPClient(tls=tls)
        self._owns_client = client is None

    async def aclose(self) -> None:
        """Break off what is under way and close what this connection opened."""
        if self._owns_client:
            await self._client.aclose()

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`; calls of a kind HTTP cannot carry are refused."""
        if method.kind.streams_requests:
            return _refuse
        outgoing = _Outgoing(self._client, self._url + method.path, method)
        return outgoing.stream if method.kind.streams_replies else outgoing.single


async def _refuse(call: Call, _: object) -> object:
    text = f"{call.method.path} streams its requests, which HTTP cannot carry"
    raise Unimplemented(text)


class _Outgoing:
    """Makes the calls of one method."""

    def __init__(self, client: HTTPClient, url: str, method: Method) -> None:
        self._client = client
        self._url = url
        self._idempotent = method.idempotent
        self._encode: Callable[[object], bytes] = JSON().encode
        self._decode: Decoder = reply_decoder(JSON(), method.reply)

    async def single(self, call: Call, message: object) -> object:
        """Make a call with one reply."""
        try:
            reply = await self._client.request(
                "POST",
                self._url,
                headers=_headers(call, _JSON),
                body=self._encode(message),
                idempotent=self._idempotent,
            )
        except HTTPError as error:
            raise _lost(error) from error
        take_metadata(call.reply_metadata, reply.headers)
        if reply.status != 200:
            raise error_of(reply.status, reply.body, _wait(call))
        return self._decode(reply.body)

    async def stream(self, call: Call, message: object) -> None:
        """Make a call with any number of replies."""
        try:
            async with self._client.stream(
                "POST",
                self._url,
                headers=_headers(call, _JSON, _EVENTS),
                body=self._encode(message),
                idempotent=self._idempotent,
            ) as reply:
                take_metadata(call.reply_metadata, reply.headers)
                if reply.status != 200:
                    raise error_of(reply.status, await reply.read(), _wait(call))
                await self._pass_on(call, reply)
        except HTTPError as error:
            raise _lost(error) from error

    async def _pass_on(self, call: Call, reply: HTTPReplyStream) -> None:
        reader = EventReader(_EVENT_LIMIT)
        async for part in reply:
            for event in reader.feed(part):
                if event.name == b"end":
                    _take_end(call, event.data)
                    return
                await self._item(call, event)
        text = "the stream broke off before its end"
        raise Unavailable(text)

    async def _item(self, call: Call, event: Event) -> None:
        if event.name == b"error":
            raise error_of(500, event.data)
        await call.send(self._decode(event.data))


def _take_end(call: Call, data: bytes) -> None:
    try:
        call.reply_metadata.update(cast("End", _END(data)).metadata)
    except ValueError as error:
        text = f"the end of the peer's stream holds no metadata: {error}"
        raise Internal(text) from None


def _headers(call: Call, *own: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    headers = [*own]
    if call.deadline is not None:
        headers.append(timeout_header(call.deadline.remaining()))
    if call.metadata:
        headers.extend(headers_of(call.metadata))
    return headers


def _wait(call: Call) -> str:
    return call.reply_metadata.get("retry-after", "")


def _lost(error: HTTPError) -> RPCError:
    """Return what a failure of the connection means for the call."""
    if isinstance(error, ConnectFailed | QueueFull):
        return Unreachable(str(error))
    if isinstance(error, ReplyTooLarge):
        return ResourceExhausted(str(error))
    return Unavailable(str(error))
