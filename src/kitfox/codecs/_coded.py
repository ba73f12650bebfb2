"""A server's endpoint in terms of bytes: what a wire runs, whatever the messages are."""

from collections.abc import Callable
from typing import Any, cast

from kitfox.codecs._codec import Codec, Encoder
from kitfox.core import Endpoint, Kind, RPCError, mapped, serving


def serving_bytes(
    endpoint: Endpoint, kind: Kind, decode: Callable[[Any], object], encode: Encoder
) -> Endpoint:
    """Return `endpoint` guarded as every server guards it, with bytes for messages.

    It takes the request as the wire has it, which `decode` reads (or an async iterator of such),
    and returns the reply as bytes; the wire's `call.send` is given messages and encodes them.

    A request that cannot be read raises InvalidArgument; a reply that cannot be written, Internal.
    """
    return serving(
        endpoint,
        decode=(lambda bodies: mapped(bodies, decode)) if kind.streams_requests else decode,
        encode=_none if kind.streams_replies else encode,
    )


def _none(_: object) -> None:
    """Say nothing at the end of a stream of replies."""


def sendable_details(error: RPCError, codec: Codec) -> dict[str, object]:
    """Return an error's details as a peer would read them; none if they cannot be written.

    What a careless handler put there must not hide the error itself.
    """
    if not error.details:
        return {}
    try:
        details = codec.decoder(dict)(codec.encode(dict(error.details)))
    except (TypeError, ValueError, OverflowError):
        return {}
    return cast("dict[str, object]", details)
