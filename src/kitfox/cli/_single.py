"""The configuration of a service that is run without a kitfox.toml. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kitfox.app import Config, listening_at_port, load

_UNFIT = re.compile(r"[^a-z0-9_-]+")


def single(
    target: str,
    listen: Sequence[str],
    overrides: Mapping[str, str],
    environ: Mapping[str, str],
) -> tuple[Config, str]:
    """Return a system of one service, and its name, which is the last part of the module's.

    It listens at PORT, if that is set and nothing else said. Raises ConfigError.
    """
    name = name_of(target)
    lines = [f"[service.{name}]", f"run = {json.dumps(target)}"]
    if listen:
        lines.append(f"listen = {json.dumps(list(listen))}")
    keys = {_key(key, name): value for key, value in overrides.items()}
    config = load("\n".join(lines), environ, keys, Path("command line"))
    return listening_at_port(config, name, environ.get("PORT", "")), name


def name_of(target: str) -> str:
    """Return what a service is called that has no kitfox.toml to name it."""
    module = target.partition(":")[0]
    return _UNFIT.sub("-", module.rpartition(".")[2].lower()).strip("-_0123456789") or "service"


def state_of(target: str, overrides: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    """Return the folder of the processes that `kitfox serve` runs of a service.

    It has its own unless told otherwise, so that two can be served in one folder.

    Raises ConfigError.
    """
    system = {key: text for key, text in overrides.items() if key.startswith("system.")}
    state = load("", environ, system, Path("command line")).system.state
    return state if "system.state" in overrides else state / name_of(target)


def _key(key: str, name: str) -> str:
    """Let what names no section be the service's own: `settings.title`, `advertise`."""
    whole = key.startswith(("policy.", "service.", "system."))
    return key if whole else f"service.{name}.{key}"
