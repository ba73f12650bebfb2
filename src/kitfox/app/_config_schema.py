"""The tables of kitfox.toml, as frozen Structs."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from kitfox.app._auth import Auth
from kitfox.app._policies import Policies
from kitfox.net import TLS, parse_address


class TLSFiles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[system.tls]`, `[service.NAME.tls]`: files in PEM, relative to the folder of the file."""

    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    client_ca: Path | None = None

    def below(self, folder: Path) -> "TLSFiles":
        """Return the same files with absolute paths."""
        return TLSFiles(
            certificate=_below(folder, self.certificate),
            key=_below(folder, self.key),
            ca=_below(folder, self.ca),
            client_ca=_below(folder, self.client_ca),
        )


class System(msgspec.Struct, frozen=True, kw_only=True):
    """`[system]`: what all services of it share. Folders are relative to the file's.

    Once loaded, they are absolute, and the name is not empty.
    """

    name: str = ""  # the folder's name unless given
    registry: str | None = None
    names: Mapping[str, str] = {}  # what a registry of the original kind calls services
    token: str = ""  # what those must show who come from other machines
    tls: TLSFiles | None = None  # how its members prove who they are, to each other and others
    logs: bool = True
    together: bool = False  # all services in one process, where they meet without a wire
    state: Path = Path(".kitfox")  # databases, caches, spools: the folder its processes work in
    path: tuple[Path, ...] = (Path(),)  # where its modules are imported from


class HealthConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[service.NAME.health]`: where probes are answered, and when an event loop is blocked."""

    probes: str = ""  # an address; none, unless given
    dump_after: timedelta = timedelta(seconds=1)  # then what blocks the loop is logged
    dead_after: timedelta = timedelta(seconds=10)  # and then /livez fails

    def __post_init__(self) -> None:
        """Raise ValueError for what makes no sense."""
        if self.probes:
            _check_address("probes", self.probes)
        if not timedelta(milliseconds=1) <= self.dump_after <= self.dead_after:
            raise ValueError("expected dump_after above 0, and dead_after no less than that")


class ServiceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`[service.NAME]`: how one service is run."""

    run: str
    listen: tuple[str, ...] = ("http://127.0.0.1:0", "rpc://127.0.0.1:0")
    advertise: str = ""  # where others call it, when that is not where it listens
    hosts: tuple[str, ...] = ()  # by which names it may be asked for, beside localhost
    metadata: Mapping[str, str] = {}  # what it says of itself to clients that `prefer` some
    environment: Mapping[str, str] = {}
    needs: tuple[str, ...] = ()
    open: bool = False  # its URL is printed when it is ready
    public: bool = False  # where other machines reach it, anybody may call, without the token
    tls: TLSFiles | None = None  # the system's unless given
    ready_within: timedelta = timedelta(minutes=1)  # from its start
    notice: timedelta | None = None  # how long it serves on at a stop, until others know of it
    replicas: int = 1  # how many processes share its sockets
    overlap: bool | None = None  # whether two of its lives may run at once; else it is found out
    auth: Auth | None = None  # who may call; anybody, unless given
    health: HealthConfig = HealthConfig()
    settings: Mapping[str, object] = {}

    def __post_init__(self) -> None:
        """Raise ValueError for what makes no sense."""
        if self.ready_within <= timedelta(0):
            raise ValueError("ready_within: expected more than 0")


class Config(msgspec.Struct, frozen=True):
    """A whole kitfox.toml, checked."""

    file: Path
    system: System
    services: Mapping[str, ServiceConfig]
    policies: Policies = msgspec.field(default_factory=Policies)


def _check_address(key: str, text: str) -> None:
    try:
        parse_address(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def tls_of(files: TLSFiles | None) -> TLS | None:
    """Return what listeners and connections take; nothing is read yet."""
    if files is None:
        return None
    return TLS(certificate=files.certificate, key=files.key, ca=files.ca, client_ca=files.client_ca)


def _below(folder: Path, file: Path | None) -> Path | None:
    return None if file is None else folder / file
