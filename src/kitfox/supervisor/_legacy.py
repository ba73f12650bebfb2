"""What a supervisor leaves to the program that takes its process over: an upgrade in place.

Rules:

- exec replaces the program, and keeps the process: its children stay its children, and descriptors
  that are inheritable stay open. The new program finds in its environment which is which.
- It adopts the children as they are. So the upgrade waits for nobody, and is refused while any of
  them is not ready, or still has one leaving.
"""

import os
from collections.abc import Mapping, MutableMapping
from typing import Final

import msgspec

from kitfox.net import HANDED_OVER, to_hand_over

_LEGACY: Final = "KITFOX_LEGACY"


class Child(msgspec.Struct, frozen=True):
    """A process that goes on, and the pipe that it writes to."""

    name: str
    pid: int
    pipe: int
    addresses: tuple[str, ...]
    services: tuple[str, ...] = ()


class Legacy(msgspec.Struct, frozen=True):
    """The descriptors of the claim and of both ends of the lifeline; where children were heard."""

    claim: int
    lifeline: tuple[int, int]
    ears: str
    children: tuple[Child, ...]

    def leave(self, sockets: Mapping[int, str], environ: Mapping[str, str]) -> dict[str, str]:
        """Keep all open over an exec; return the environment in which it is found."""
        pipes = [child.pipe for child in self.children]
        for fd in (self.claim, *self.lifeline, *pipes, *sockets):
            os.set_inheritable(fd, True)  # noqa: FBT003 - the standard library's signature
        text = msgspec.json.encode(self).decode()
        return {**environ, _LEGACY: text, HANDED_OVER: to_hand_over(sockets)}

    @staticmethod
    def find(environ: MutableMapping[str, str]) -> "Legacy | None":
        """Return what was left, and hide it from children."""
        text = environ.pop(_LEGACY, "")
        if not text:
            return None
        found = msgspec.json.decode(text, type=Legacy)
        for fd in (found.claim, *found.lifeline, *(child.pipe for child in found.children)):
            os.set_inheritable(fd, False)  # noqa: FBT003 - as above
        return found
