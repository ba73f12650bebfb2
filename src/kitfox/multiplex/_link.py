"""What a wire offers to the ends of its links."""

from typing import Protocol

import msgspec

from kitfox.multiplex._frames import Frame


class Link(Protocol):
    """One connection to a peer, once it stands. What arrives goes to the end that it was made for.

    `peer` is the other side's address; `identity` is who it proved to be, or nothing.
    """

    @property
    def peer(self) -> str: ...

    @property
    def identity(self) -> str: ...

    def send(self, frame: Frame) -> None:
        """Send a frame after those before it. Never waits; on a lost link it does nothing."""
        ...

    async def writable(self) -> None:
        """Wait until the wire takes more; return at once when it does, or when it is lost."""
        ...

    def close(self) -> None:
        """Close the connection when what was sent is out. Its end is told as of any loss."""
        ...


class LinkLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one link may ask of either end: bytes of a message, calls in flight.

    It carries no more than `lifetime` calls, as no number is used twice on it; then it closes, and
    the next call goes over another.
    """

    message: int = 4 * 1024 * 1024
    calls: int = 10_000
    lifetime: int = 0xFFFF_FFFF
