"""How much a WebSocket takes from strangers, and how long it waits for them."""

import msgspec

from kitfox.multiplex import LinkLimits


class WebSocketLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds.

    - `message`: of a call, and of a WebSocket's message; a longer one closes it (1009)
    - `calls` in flight on one WebSocket
    - `waiting`: what may have come that nobody has taken yet; then no more is read
    - `unsent`: what may wait for a slow peer; then senders wait
    - `handshake`: how long a client waits for its WebSocket to open
    - `goodbye`: how long a peer may take to answer a closing
    """

    message: int = 4 * 1024 * 1024
    calls: int = 10_000
    waiting: int = 256 * 1024
    unsent: int = 256 * 1024
    handshake: float = 10.0
    goodbye: float = 2.0

    @property
    def frame(self) -> int:
        """The most bytes of a message on the wire: a call's, and what stands around it."""
        return self.message + 64 * 1024

    @property
    def link(self) -> LinkLimits:
        """What the ends of a link are limited to."""
        return LinkLimits(message=self.message, calls=self.calls)
