"""What the files that others start services by need to know of a configuration. Pure."""

import json
import re
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from kitfox.app import Config, Group, is_here
from kitfox.deployment._ports import ELSEWHERE, outward, port_at, probes_port

STATE: Final = "/var/lib/kitfox"
"""Where a container's service keeps its files."""

TOKEN: Final = "/run/secrets/kitfox-token"  # noqa: S105 - where it is, not what it is
"""Where a container finds the system's token."""

_UNFIT = re.compile(r"[^a-z0-9]+")


class Deployment(msgspec.Struct, frozen=True):
    """What files are made of: some services of a configuration, and the image they are in."""

    config: Config
    names: tuple[str, ...]
    profile: str | None = None
    tag: str = ""

    @property
    def system(self) -> str:
        """The system's name, as all of these files can have it."""
        return label(self.config.system.name)

    @property
    def image(self) -> str:
        """The image's name: its `tag`, or else that of the system."""
        return self.tag or f"{self.system}:latest"

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


def label(name: str) -> str:
    """Return a name as DNS has it (RFC 1123): what Kubernetes asks for."""
    return _UNFIT.sub("-", name.lower()).strip("-")[:63].rstrip("-") or "kitfox"


def environment(asked: Deployment, name: str, *, probed_from: str) -> dict[str, str]:
    """Return the variables of a service's container, whose probes are asked for at an address."""
    service, key = asked.config.services[name], name.upper().replace("-", "_")
    found = {
        f"KITFOX_SERVICE__{key}__LISTEN": json.dumps(outward(service)),
        f"KITFOX_SERVICE__{key}__HEALTH__PROBES": f"{probed_from}:{probes_port(service)}",
    }
    if registry := _registry(asked.config):
        found["KITFOX_SYSTEM__REGISTRY"] = registry
    return {**found, "KITFOX_SYSTEM__TOKEN_FILE": TOKEN}


def grace(asked: Deployment, name: str) -> str:
    """Return how many seconds a service may take to stop."""
    return str(ceil(asked.group(name).grace))


def ready_within(asked: Deployment, name: str) -> str:
    """Return how many seconds a service may take to be ready."""
    return str(ceil(asked.group(name).ready_within))


def registrar(config: Config) -> str | None:
    """Return which service is the registry that the system asks; None when it is not one of it."""
    url = config.system.registry or ""
    return next((name for name, service in config.services.items() if port_at(service, url)), None)


def _registry(config: Config) -> str | None:
    """Return where containers find the registry, when it is one of them."""
    url = config.system.registry or ""
    for name, service in config.services.items():
        if port := port_at(service, url):
            return f"{urlsplit(url).scheme}://{label(name)}:{port.number}"
    return None


def shows_token(config: Config) -> bool:
    """Whether the members of a system that is no container need its token."""
    open_to_others = (
        not (service.public or is_here(url))
        for service in config.services.values()
        for url in service.listen
        if urlsplit(url).scheme not in ELSEWHERE
    )
    return bool(config.system.token) or any(open_to_others)


def before(asked: Deployment, name: str) -> Iterator[str]:
    """Yield the services that start before one: the registry, and what it says it needs."""
    first = registrar(asked.config)
    needs = asked.config.services[name].needs
    yield from dict.fromkeys(each for each in (first, *needs) if each and each != name)


def is_in_a_home(*paths: Path) -> bool:
    """Whether one of these lies where services are kept out."""
    homes = (Path("/home"), Path("/root"), Path("/run/user"))
    return any(path.is_relative_to(home) for path in paths for home in homes)
