"""A server's endpoint in terms of bytes: what a wire runs, whatever the messages are."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from kitfox.codecs._codec import Encoder
from kitfox.core import Call, Endpoint, Kind, mapped, serving


def serving_bytes(
    endpoint: Endpoint, kind: Kind, decode: Callable[[Any], object], encode: Encoder
) -> Endpoint:
    """Return `endpoint` guarded as every server guards it, with bytes for messages.

    It takes the request as the wire has it, which `decode` reads (or an async iterator of such),
    and returns the reply as bytes; the wire's `call.send` is given messages and encodes them.

    A request that cannot be read raises InvalidArgument; a reply that cannot be written, Internal.
    """

    async def unary(call: Call, body: object) -> object:
        return encode(await endpoint(call, decode(body)))

    async def server_stream(call: Call, body: object) -> object:
        return await endpoint(call, decode(body))

    async def client_stream(call: Call, bodies: object) -> object:
        return encode(await endpoint(call, _decoded(bodies)))

    async def bidi_stream(call: Call, bodies: object) -> object:
        return await endpoint(call, _decoded(bodies))

    def _decoded(bodies: object) -> AsyncIterator[object]:
        return mapped(bodies, decode)

    if kind.streams_requests:
        return serving(bidi_stream if kind.streams_replies else client_stream)
    return serving(server_stream if kind.streams_replies else unary)
