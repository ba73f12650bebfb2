"""`kitfox up`."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import config_file, config_options


@click.command()
@click.option("--watch", is_flag=True, help="Replace services when their code changes.")
@click.option("--trial", is_flag=True, hidden=True, help="Tell if it could take over, and end.")
@config_options
def up(
    *,
    watch: bool,
    trial: bool,
    config: Path | None,
    profile: str | None,
    overrides: Mapping[str, str],
) -> None:
    """Run all services of a system, and keep them running.

    Ctrl-C stops them kindly, in reverse order; a second one kills them. SIGHUP has them read their
    policies again, and replaces those whose configuration or code has changed.
    """
    from kitfox.app import Config, read_config
    from kitfox.cli._supervise import supervise
    from kitfox.cli._upgrade import try_on

    file = config_file(config).absolute()

    def read(other: Path | None) -> Config:
        return read_config(other or file, os.environ, overrides, profile)

    if not read(None).services:
        raise Failed(f"{file}: there is no [service.NAME] to run", Exit.USAGE)
    if trial:
        try_on(read(None))
        return
    chosen = [f"--profile={profile}"] if profile else []
    flags = [*chosen, *(f"--set={key}={value}" for key, value in overrides.items())]

    def command(config: Config, name: str) -> Sequence[str]:
        which = "--all" if config.system.together else f"--service={name}"
        run = ["run", f"--config={config.file}", which, *flags]
        return [sys.executable, "-P", "-m", "kitfox", *run]

    if not asyncio.run(supervise(read, command, watch=watch)):
        raise SystemExit(Exit.FAILED)
