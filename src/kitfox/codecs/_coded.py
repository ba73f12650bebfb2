"""A server's endpoint in terms of bytes: what a wire runs, whatever the messages are."""

from collections.abc import Callable
from typing import Any

from kitfox.codecs._codec import Encoder
from kitfox.core import Endpoint, Kind, mapped, serving


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
