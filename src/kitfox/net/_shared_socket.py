"""A listening socket that several processes take connections from, and what they tell each other.

The memory for that is a second descriptor, handed over beside the socket's and under its name.
"""

import os
import socket
from collections.abc import Mapping
from typing import Self

from kitfox.net._tally import open_tally


class SharedSocket(socket.socket):
    """Owns two descriptors: the socket's, and that of the `tally` of its connections."""

    tally: int | None = None

    @classmethod
    def of(cls, listening: socket.socket, tally: int) -> Self:
        """Return a socket with a tally instead of one without; both are this process's alone."""
        os.set_inheritable(tally, False)  # noqa: FBT003 - the standard library's signature
        shared = cls(fileno=listening.detach())
        shared.settimeout(0.0)
        shared.tally = tally
        return shared

    def close(self) -> None:
        """Close both."""
        super().close()
        tally, self.tally = self.tally, None
        if tally is not None:
            os.close(tally)


def share(listening: socket.socket, processes: int) -> socket.socket:
    """Have so many processes share a socket evenly, where the system has what that takes."""
    if not hasattr(os, "memfd_create") or processes == 1:
        return listening
    return SharedSocket.of(listening, open_tally(processes))


def to_inherit(listening: socket.socket, name: str) -> Mapping[int, str]:
    """Return the descriptors that are handed over with a socket, each with its name."""
    named = {listening.fileno(): name}
    if isinstance(listening, SharedSocket) and listening.tally is not None:
        named[listening.tally] = name
    return named
