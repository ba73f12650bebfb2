"""Which files are asked for, and of what they are made."""

import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from kitfox.app import did_you_mean, read_config
from kitfox.cli._exit import Exit, Failed
from kitfox.deployment import (
    Deployment,
    Ground,
    compose_file,
    image_files,
    kubernetes_manifests,
    systemd_units,
)

Files = Mapping[str, str]


def generate(kind: str, file: Path, service: str, profile: str | None, image: str) -> Files:
    """Make the files of a kind: texts by their names.

    Raises Failed when the system has no service, or not this one; ConfigError of its file.
    """
    return _MAKERS[kind](_asked(file, service, profile, image))


def _asked(file: Path, service: str, profile: str | None, image: str) -> Deployment:
    """Read the file; what only this shell's environment says is no part of it."""
    found = read_config(file.absolute(), {}, {}, profile)
    names = tuple(found.services)
    if service and service not in names:
        problem = did_you_mean(service, names)
        raise Failed(f'{found.file}: no service "{service}"{problem}', Exit.NOT_FOUND)
    if not names:
        raise Failed(f"{found.file}: there is no [service.NAME]", Exit.USAGE)
    return Deployment(found, (service,) if service else names, profile, image)


def _systemd(asked: Deployment) -> Files:
    return systemd_units(asked, Path(sys.executable).with_name("kitfox"))


def _dockerfile(asked: Deployment) -> Files:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    files = [each.name for each in asked.config.file.parent.iterdir()]
    return image_files(asked, Ground(python, version("kitfox"), files))


_MAKERS: Final[Mapping[str, Callable[[Deployment], Files]]] = {
    "systemd": _systemd,
    "k8s": kubernetes_manifests,
    "compose": compose_file,
    "dockerfile": _dockerfile,
}
