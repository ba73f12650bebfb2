"""`kitfox up`."""

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import config_file, config_options


@click.command()
@config_options
def up(config: Path | None, profile: str | None, overrides: Mapping[str, str]) -> None:
    """Run all services of a system, and keep them running.

    Ctrl-C stops them kindly, in reverse order; a second one kills them.
    """
    from kitfox.app import read_config
    from kitfox.cli._supervise import supervise

    file = config_file(config)
    reread = partial(read_config, file.absolute(), os.environ, overrides, profile)
    loaded = reread()
    if not loaded.services:
        raise Failed(f"{file}: there is no [service.NAME] to run", Exit.USAGE)
    chosen = [f"--profile={profile}"] if profile else []
    flags = [*chosen, *(f"--set={key}={value}" for key, value in overrides.items())]
    if not asyncio.run(supervise(reread, flags)):
        raise SystemExit(Exit.FAILED)
