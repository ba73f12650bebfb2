"""How one process of a system is started. Pure."""

from collections.abc import Mapping
from pathlib import Path

import msgspec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is started under a name of the table.

    `sockets` are the descriptors that it is given to listen at, with their names. `overlap` says
    whether it may run beside the one that it is to replace; `grace` is how many seconds it may take
    to stop, and `silence` for how many its event loop may say nothing, if it ever says something.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = {}
    sockets: Mapping[int, str] = {}
    overlap: bool = True
    grace: float
    silence: float
