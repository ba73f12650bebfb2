"""`kitfox restart`."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from kitfox.cli._options import config_file, config_options


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="SERVICE...")
@click.option("--rolling", is_flag=True, help="One process after the other, not all at once.")
@config_options
def restart(
    names: Sequence[str],
    *,
    rolling: bool,
    config: Path | None,
    profile: str | None,
    overrides: Mapping[str, str],
) -> None:
    """Replace services that `kitfox up` runs, and lose no call.

    A new process starts beside each that runs; when it is ready the old one finishes what it does
    and ends. If it does not become ready, the old one goes on, and the command says why. A name is
    that of a service or of one of its replicas, as grading/2.

    The new ones read the file that is named, as that of `kitfox up` is read.
    """
    from kitfox.app import read_config
    from kitfox.cli._restarting import restart_services

    loaded = read_config(config_file(config).absolute(), os.environ, overrides, profile)
    asyncio.run(restart_services(loaded, names, rolling=rolling))
