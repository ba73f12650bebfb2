"""What is said beside a message, as NATS headers: metadata, the time left, the codec."""

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Final

from kitfox.core import InvalidArgument, Metadata

_log = logging.getLogger("kitfox.nats")

CALL: Final = "Kitfox-Call"
TIMEOUT: Final = "Kitfox-Timeout"
ITEMS: Final = "Kitfox-Items"
CODE: Final = "Kitfox-Code"
CONTENT_TYPE: Final = "Content-Type"
# NATS's own service framework marks errors with these (ADR-32).
SERVICE_ERROR: Final = "Nats-Service-Error"
SERVICE_ERROR_CODE: Final = "Nats-Service-Error-Code"


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
