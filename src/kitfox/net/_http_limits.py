"""What a client allows itself and its peers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """Limits of an `HTTPClient`; counts are per origin, sizes in bytes, times in seconds."""

    connections: int = 100
    idle_connections: int = 100
    waiting: int = 10_000
    idle_seconds: float = 4.0  # below the 5 s after which uvicorn closes
    connect_seconds: float = 5.0
    head_bytes: int = 64 * 1024
    body_bytes: int = (4 * 1024 + 64) * 1024  # a message of 4 MiB and its envelope
    stream_buffer_bytes: int = 256 * 1024  # unread bytes of a stream that stop its sender
