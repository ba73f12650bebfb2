"""A server's endpoint in terms of bytes: what a wire runs, whatever the messages are."""

from collections.abc import AsyncIterator
from typing import cast

from kitfox.codecs._codec import Codec, request_decoder
from kitfox.core import Call, Endpoint, Method, mapped, serving


def serving_bytes(endpoint: Endpoint, method: Method, codec: Codec) -> Endpoint:
    """Return `endpoint` guarded as every server guards it, with bytes for messages.

    It takes the request as bytes (or an async iterator of them) and returns the reply as bytes;
    the wire's `call.send` is given messages and encodes them.

    A request that cannot be read raises InvalidArgument; a reply that cannot be written, Internal.
    """
    decode = request_decoder(codec, method.request)
    encode = codec.encode

    async def unary(call: Call, body: object) -> object:
        return encode(await endpoint(call, decode(cast("bytes", body))))

    async def server_stream(call: Call, body: object) -> object:
        return await endpoint(call, decode(cast("bytes", body)))

    async def client_stream(call: Call, bodies: object) -> object:
        return encode(await endpoint(call, _decoded(bodies)))

    async def bidi_stream(call: Call, bodies: object) -> object:
        return await endpoint(call, _decoded(bodies))

    def _decoded(bodies: object) -> AsyncIterator[object]:
        return mapped(bodies, lambda body: decode(cast("bytes", body)))

    if method.kind.streams_requests:
        return serving(bidi_stream if method.kind.streams_replies else client_stream)
    return serving(server_stream if method.kind.streams_replies else unary)
