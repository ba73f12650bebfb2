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
from msgspec.structs import replace

from kitfox.app import Config, groups
from kitfox.net import HANDED_OVER, to_hand_over
from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process_names import process_names

_LEGACY: Final = "KITFOX_LEGACY"


class Heard(msgspec.Struct, frozen=True):
    """The descriptors through which a process is heard: its pipe, and the ear in a folder."""

    pipe: int
    ear: int
    folder: str


class Child(msgspec.Struct, frozen=True):
    """A process that goes on; `beats` says whether it has said that its event loop turns."""

    name: str
    pid: int
    heard: Heard
    grace: float
    silence: float
    beats: bool
    addresses: tuple[str, ...]
    services: tuple[str, ...]


class Legacy(msgspec.Struct, frozen=True):
    """What the program of that number leaves, of those that ran in this process.

    It is the descriptors of the claim and of both ends of the lifeline, the folder of all ears, and
    the children.
    """

    number: int
    claim: int
    lifeline: tuple[int, int]
    ears: str
    children: tuple[Child, ...]

    @property
    def descriptors(self) -> list[int]:
        """What is left open, but for what listens."""
        heard = [child.heard for child in self.children]
        return [self.claim, *self.lifeline, *(fd for one in heard for fd in (one.pipe, one.ear))]

    def plan(self, plan: Plan) -> Plan:
        """Return a plan for what goes on as it began, where there is such a child."""
        for child in self.children:
            if child.name == plan.name:
                return replace(plan, grace=child.grace, silence=child.silence)
        return plan

    def leave(self, sockets: Mapping[int, str], environ: Mapping[str, str]) -> dict[str, str]:
        """Keep all open over an exec; return the environment in which it is found."""
        for fd in (*self.descriptors, *sockets):
            os.set_inheritable(fd, True)  # noqa: FBT003 - the standard library's signature
        text = msgspec.json.encode(self).decode()
        return {**environ, _LEGACY: text, HANDED_OVER: to_hand_over(sockets)}

    @staticmethod
    def find(environ: MutableMapping[str, str]) -> "Legacy | None":
        """Return what was left, and hide it from children; ValueError when it makes no sense."""
        found = Legacy.read(environ)
        environ.pop(_LEGACY, "")
        for fd in found.descriptors if found else ():
            os.set_inheritable(fd, False)  # noqa: FBT003 - as above
        return found

    @staticmethod
    def check(environ: Mapping[str, str], config: Config) -> None:
        """Raise ValueError for what a program with a configuration could not go on with."""
        left = Legacy.read(environ)
        known = {process for name in groups(config) for process in process_names(config, name)}
        for child in left.children if left else ():
            if child.name not in known:
                raise ValueError(
                    f"{child.name} runs, and {config.file} no longer says so; restart the service "
                    "before, or put it back"
                )

    @staticmethod
    def read(environ: Mapping[str, str]) -> "Legacy | None":
        """Return what is left to whoever is to take over; ValueError when it makes no sense."""
        text = environ.get(_LEGACY, "")
        return msgspec.json.decode(text, type=Legacy) if text else None
