"""How much of a message is for its body: NATS limits headers and body together."""

from typing import Final

import msgspec

from kitfox.core import Metadata, ResourceExhausted
from kitfox.multiplex import LinkLimits

# For headers, in bytes: metadata, and what the wire itself says in a few hundred of them.
HEADERS: Final = 16 * 1024
_OWN: Final = 512


def fitting(limits: LinkLimits, max_payload: int) -> LinkLimits:
    """Return limits under which every message fits into `max_payload` bytes."""
    body = max_payload - _for_headers(max_payload)
    return msgspec.structs.replace(limits, message=min(limits.message, body))


def check_metadata(metadata: Metadata, max_payload: int) -> None:
    """Raise ResourceExhausted for metadata that does not fit into the headers of a request."""
    room = _for_headers(max_payload) - _OWN
    if sum(len(key) + len(value) + 4 for key, value in metadata.items()) > room:
        raise ResourceExhausted(f"the metadata is longer than {room} bytes")


def _for_headers(max_payload: int) -> int:
    return min(HEADERS, max_payload // 2)
