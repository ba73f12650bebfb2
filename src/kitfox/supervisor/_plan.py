"""How one process of a system is started. Pure."""

from collections.abc import Mapping
from pathlib import Path

import msgspec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is started under a name of the table.

    `sockets` are the descriptors that it is given to listen at, with their names. `overlap` says
    whether it may run beside the one that it is to replace. In seconds: it has `ready_within` to be
    ready and `grace` to stop, and its event loop may say nothing for `silence`, if it ever says
    something.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = {}
    sockets: Mapping[int, str] = {}
    overlap: bool = True
    ready_within: float
    grace: float
    silence: float
