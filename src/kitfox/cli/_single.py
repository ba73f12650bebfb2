"""The configuration of a service that is run without a kitfox.toml. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kitfox.app import Config, load

_UNFIT = re.compile(r"[^a-z0-9_-]+")


def single(
    target: str,
    listen: Sequence[str],
    overrides: Mapping[str, str],
    environ: Mapping[str, str],
) -> tuple[Config, str]:
    """Return a system of one service, and its name: the last part of the module's.

    Raises ConfigError.
    """
    module = target.partition(":")[0]
    name = _UNFIT.sub("-", module.rpartition(".")[2].lower()).strip("-_0123456789") or "service"
    lines = [f"[service.{name}]", f"run = {json.dumps(target)}"]
    if listen:
        lines.append(f"listen = {json.dumps(list(listen))}")
    keys = {_key(key, name): value for key, value in overrides.items()}
    return load("\n".join(lines), environ, keys, Path("command line")), name


def _key(key: str, name: str) -> str:
    """Let what names no section be the service's own: `settings.title`, `advertise`."""
    whole = key.startswith(("policy.", "service.", "system."))
    return key if whole else f"service.{name}.{key}"
