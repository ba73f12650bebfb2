"""What NATS carries: a subject, where to answer, headers and a body, which share a limited room.

Beside a message are said, as headers, its metadata, the time left and the codec.
"""

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from kitfox.core import InvalidArgument, Metadata, ResourceExhausted
from kitfox.multiplex import LinkLimits

_log = logging.getLogger("kitfox.nats")

CALL: Final = "Kitfox-Call"
TIMEOUT: Final = "Kitfox-Timeout"
ITEMS: Final = "Kitfox-Items"
CODE: Final = "Kitfox-Code"
CONTENT_TYPE: Final = "Content-Type"
# NATS's own service framework marks errors with these (ADR-32).
SERVICE_ERROR: Final = "Nats-Service-Error"
SERVICE_ERROR_CODE: Final = "Nats-Service-Error-Code"

# For headers, in bytes: metadata, and what the wire itself says in a few hundred of them.
HEADERS: Final = 16 * 1024
_OWN: Final = 512


class Message(NamedTuple):
    """One message, to be published or just arrived."""

    subject: str
    body: bytes = b""
    reply: str = ""
    headers: Mapping[str, str] | None = None


def is_reserved(name: str) -> bool:
    """Whether NATS or this wire has a use for a header itself, so that it is never metadata."""
    lowered = name.lower()
    return lowered == "content-type" or lowered.startswith(("kitfox-", "nats-"))


def check_request(metadata: Metadata) -> None:
    """Raise InvalidArgument for a key that cannot go with a request."""
    for key in metadata:
        if is_reserved(key):
            raise InvalidArgument(_not_yours(key))


def reply_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return a reply's metadata as headers; what cannot go with it is left out, and logged.

    The reply itself is right, so its caller shall have it.
    """
    for key in filter(is_reserved, metadata):
        _log.error("left out of a reply: %s", _not_yours(key))
    return {key: value for key, value in metadata.items() if not is_reserved(key)}


def metadata_of(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the metadata among headers; what Metadata cannot hold is left out."""
    return dict(_metadata(headers)) if headers else {}


def _metadata(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if is_reserved(name):
            continue
        try:
            yield from Metadata({name: value}).items()
        except ValueError:
            continue


def timeout_text(seconds: float) -> str:
    """Return the time left as a header says it: in seconds."""
    return f"{seconds:.6f}"


def timeout_of(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the caller will wait, or None when it did not say.

    Raises:
        InvalidArgument: the header is there and is no number of seconds.
    """
    if (text := headers.get(TIMEOUT)) is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InvalidArgument(f"header {TIMEOUT}: expected seconds, got {text[:40]!r}")
    return seconds


def size_of(headers: Mapping[str, str] | None) -> int:
    """Return how many bytes headers take of a message: "NATS/1.0", the lines, an empty line."""
    if not headers:
        return 0
    return 12 + sum(len(name.encode()) + len(value.encode()) + 4 for name, value in headers.items())


def _not_yours(name: str) -> str:
    return f"metadata {name!r} is a header of this wire's own; choose another key"


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
