"""How much an RPC listener takes from strangers, and how much a connection asks of it."""

import msgspec

from kitfox.multiplex import LinkLimits


class RPCLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes; what goes beyond is refused.

    - `message`: a longer one is not sent (RESOURCE_EXHAUSTED); a frame that is longer by more than
      64 KiB, in which its metadata fits, closes the link of whoever sends it
    - `calls` in flight on one link (RESOURCE_EXHAUSTED)
    - `connections` open at a time at a listener; further ones are closed at once
    """

    message: int = 4 << 20
    calls: int = 10_000
    connections: int = 8192

    @property
    def link(self) -> LinkLimits:
        """The limits of one link."""
        return LinkLimits(message=self.message, calls=self.calls)
