"""Which supervisors keep the processes that are named."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kitfox.app import read_config
from kitfox.cli._exit import Failed
from kitfox.cli._options import config_file
from kitfox.cli._single import name_of, state_of


class Kept(NamedTuple):
    """Processes of one supervisor: where it runs, what it is, and the file that they are to read.

    Without a file they read what they read before.
    """

    state: Path
    command: str
    names: tuple[str, ...]
    file: str = ""


def whose(
    names: Sequence[str],
    config: Path | None,
    profile: str | None,
    overrides: Mapping[str, str],
) -> Iterator[Kept]:
    """Yield them by their supervisors: of `module:Service` each its own, of names the system's.

    Raises ConfigError, Failed when there is no kitfox.toml.
    """
    targets = [name for name in names if ":" in name]
    ours = tuple(name for name in names if ":" not in name)
    if ours or not targets:
        loaded = read_config(_file(config), os.environ, overrides, profile)
        yield Kept(loaded.system.state, "kitfox up", ours, str(loaded.file))
    for target in targets:
        state = state_of(target, overrides, os.environ)
        yield Kept(state, f"kitfox serve {target}", (name_of(target),))


def _file(config: Path | None) -> Path:
    try:
        return config_file(config).absolute()
    except Failed as error:
        also = "what `kitfox serve` runs is called as it was there: module:Service"
        raise Failed(f"{error}; {also}", error.code) from None
