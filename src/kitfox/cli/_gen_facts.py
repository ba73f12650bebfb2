"""What the files that others start services by need to know of a configuration. Pure.

In a container a service listens at all addresses, for no other could be reached; so it asks for the
token, unless it is public. Ports that the file leaves open are each wire's usual one.
"""

import json
import re
from collections.abc import Iterator
from itertools import count
from math import ceil
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

from kitfox.app import Config, Group, ServiceConfig
from kitfox.cli._listeners import is_here

STATE: Final = "/var/lib/kitfox"
"""Where a container's service keeps its files."""

TOKEN: Final = "/run/secrets/kitfox-token"  # noqa: S105 - where it is, not what it is
"""Where a container finds the system's token."""

_PROBES = 9100  # the port of their own, or the next that a service has no use for
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - within a container, and asking for the token
_USUAL = {"http": 8080, "https": 8443, "rpc": 7070, "rpcs": 7443, "grpc": 9090, "grpcs": 9443}
_ELSEWHERE = ("nats", "tls")  # schemes of somebody else's server
_UNFIT = re.compile(r"[^a-z0-9]+")


class _Place(NamedTuple):
    """What a URL says of a port: which protocol begins there, and where it is."""

    scheme: str
    host: str | None
    port: int | None


class Asked(msgspec.Struct, frozen=True):
    """What to make files of: some services of a configuration, and the image they are in."""

    config: Config
    names: tuple[str, ...]
    profile: str | None = None
    image: str = ""

    @property
    def system(self) -> str:
        """The system's name, as all of these files can have it."""
        return label(self.config.system.name)

    def group(self, name: str) -> Group:
        """Return a service as it runs in a process of its own."""
        return Group({name: self.config.services[name]}, self.config.system)

    def arguments(self, name: str, file: str) -> list[str]:
        """Return what follows `kitfox` to run a service of the configuration at `file`."""
        chosen = [f"--profile={self.profile}"] if self.profile else []
        return ["run", f"--config={file}", *chosen, f"--service={name}"]

    def in_container(self, name: str) -> list[str]:
        """Return what follows `kitfox` in a container."""
        return self.arguments(name, f"/app/{self.config.file.name}")


class Port(msgspec.Struct, frozen=True):
    """Where a service listens in its container; the name is no other port's of it."""

    name: str
    scheme: str
    number: int


def label(name: str) -> str:
    """Return a name as DNS has it (RFC 1123): what Kubernetes asks for."""
    return _UNFIT.sub("-", name.lower()).strip("-")[:63].rstrip("-") or "kitfox"


def ports(service: ServiceConfig) -> tuple[Port, ...]:
    """Return the ports of a service in its container."""
    return tuple(_placed(service).values())


def outward(service: ServiceConfig) -> list[str]:
    """Return where a service listens in its container, as `listen` has it."""
    placed, urls = _placed(service), list[str]()
    for parts in map(urlsplit, service.listen):
        if (port := placed.get(_place(parts))) is not None:
            urls.append(f"{parts.scheme}://{EVERYWHERE}:{port.number}")
        elif parts.scheme in _ELSEWHERE:
            urls.append(parts.geturl())
    return urls


def _placed(service: ServiceConfig) -> dict[_Place, Port]:
    """Return the ports by what the file says of them. WebSockets travel on one of HTTP."""
    found: dict[_Place, Port] = {}
    for place in dict.fromkeys(map(_place, map(urlsplit, service.listen))):
        if place.scheme in _USUAL:
            others = list(found.values())
            number = place.port or _USUAL[place.scheme]
            while any(number == each.number for each in others):
                number += 1
            alone = all(place.scheme != each.scheme for each in others)
            name = place.scheme if alone else f"{place.scheme}-{number}"
            found[place] = Port(name, place.scheme, number)
    return found


def _place(parts: SplitResult) -> _Place:
    scheme = parts.scheme
    if scheme in ("ws", "wss"):
        scheme = "http" + scheme.removeprefix("ws")
    return _Place(
        scheme.rpartition("+")[2] if scheme.startswith("original+") else scheme,
        parts.hostname,
        parts.port,
    )


def environment(asked: Asked, name: str, *, probed_from: str) -> dict[str, str]:
    """Return the variables of a service's container, whose probes are asked for at an address."""
    service, key = asked.config.services[name], name.upper().replace("-", "_")
    found = {
        f"KITFOX_SERVICE__{key}__LISTEN": json.dumps(outward(service)),
        f"KITFOX_SERVICE__{key}__HEALTH__PROBES": f"{probed_from}:{probes_port(service)}",
    }
    if registry := _registry(asked.config):
        found["KITFOX_SYSTEM__REGISTRY"] = registry
    return {**found, "KITFOX_SYSTEM__TOKEN_FILE": TOKEN}


def grace(asked: Asked, name: str) -> str:
    """Return how many seconds a service may take to stop."""
    return str(ceil(asked.group(name).grace))


def registrar(config: Config) -> str | None:
    """Return which service is the registry that the system asks; None when it is not one of it."""
    asked = _place(urlsplit(config.system.registry or ""))
    found = (name for name, service in config.services.items() if asked in _placed(service))
    return next(found, None)


def _registry(config: Config) -> str | None:
    """Return where containers find the registry, when it is one of them."""
    if (name := registrar(config)) is None:
        return None
    parts = urlsplit(config.system.registry or "")
    port = _placed(config.services[name])[_place(parts)]
    return f"{parts.scheme}://{label(name)}:{port.number}"


def probes_port(service: ServiceConfig) -> int:
    """Return where a container's probes are answered, also while its loop is blocked."""
    taken = {port.number for port in ports(service)}
    return next(number for number in count(_PROBES) if number not in taken)


def shows_token(config: Config) -> bool:
    """Whether the members of a system that is no container need its token."""
    open_to_others = (
        not (service.public or is_here(url))
        for service in config.services.values()
        for url in service.listen
        if urlsplit(url).scheme not in _ELSEWHERE
    )
    return bool(config.system.token) or any(open_to_others)


def before(asked: Asked, name: str) -> Iterator[str]:
    """Yield the services that start before one: the registry, and what it says it needs."""
    first = registrar(asked.config)
    needs = asked.config.services[name].needs
    yield from dict.fromkeys(each for each in (first, *needs) if each and each != name)


def is_in_a_home(*paths: Path) -> bool:
    """Whether one of these lies where services are kept out."""
    homes = (Path("/home"), Path("/root"), Path("/run/user"))
    return any(path.is_relative_to(home) for path in paths for home in homes)
