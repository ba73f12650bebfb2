"""How much an HTTP server takes from strangers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HTTPLimits:
    """Sizes in bytes, times in seconds; what goes beyond is refused with the status named.

    - `body` (413)
    - `header_bytes` and `header_count` (431)
    - `request_time`, from a request's first byte to the last of its body (408)
    - `connections` open at a time (503)
    - `streams` of replies at a time (503)
    - `idle`: how long a connection is kept without a request
    """

    body: int = 4 << 20
    header_bytes: int = 32 << 10
    header_count: int = 100
    request_time: float = 30.0
    connections: int = 8192
    streams: int = 4096
    idle: float = 30.0
