"""Which files are asked for, and of what they are made."""

import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from kitfox.app import did_you_mean, read_config
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._gen_compose import compose_file
from kitfox.cli._gen_dockerfile import Ground, image
from kitfox.cli._gen_facts import Asked
from kitfox.cli._gen_kubernetes import manifests
from kitfox.cli._gen_systemd import units

Files = Mapping[str, str]


def generate(kind: str, file: Path, service: str, profile: str | None, image: str) -> Files:
    """Make the files of a kind: texts by their names.

    Raises Failed when the system has no service, or not this one; ConfigError of its file.
    """
    return _MAKERS[kind](_asked(file, service, profile, image))


def _asked(file: Path, service: str, profile: str | None, image: str) -> Asked:
    """Read the file; what only this shell's environment says is no part of it."""
    found = read_config(file.absolute(), {}, {}, profile)
    names = tuple(found.services)
    if service and service not in names:
        problem = did_you_mean(service, names)
        raise Failed(f'{found.file}: no service "{service}"{problem}', Exit.NOT_FOUND)
    if not names:
        raise Failed(f"{found.file}: there is no [service.NAME]", Exit.USAGE)
    asked = Asked(found, (service,) if service else names, profile)
    return Asked(found, asked.names, profile, image or f"{asked.system}:latest")


def _systemd(asked: Asked) -> Files:
    return units(asked, Path(sys.executable).with_name("kitfox"))


def _dockerfile(asked: Asked) -> Files:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    files = [each.name for each in asked.config.file.parent.iterdir()]
    return image(asked, Ground(python, version("kitfox"), files))


_MAKERS: Final[Mapping[str, Callable[[Asked], Files]]] = {
    "systemd": _systemd,
    "k8s": manifests,
    "compose": compose_file,
    "dockerfile": _dockerfile,
}
