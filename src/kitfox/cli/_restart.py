"""`kitfox restart`."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from kitfox.cli._options import config_options


@click.command()
@click.argument("names", nargs=-1, metavar="SERVICE...")
@click.option("--rolling", is_flag=True, help="One process after the other, not all at once.")
@click.option("--supervisor", is_flag=True, help="Replace what keeps them, and leave them alone.")
@config_options
def restart(
    names: Sequence[str],
    *,
    rolling: bool,
    supervisor: bool,
    config: Path | None,
    profile: str | None,
    overrides: Mapping[str, str],
) -> None:
    """Replace services that run, and lose no call.

    A new process starts beside each that runs; when it is ready the old one finishes what it does
    and ends. If it does not become ready, the old one goes on, and the command says why. A name is
    that of a service or of one of its replicas, as grading/2. The new ones read the file that is
    named, as that of `kitfox up` is read.

    MODULE:NAME, where it was given to it, is what `kitfox serve` runs, with the --set it was given.

    With --supervisor the kitfox that is installed now takes over from the one that runs: it keeps
    the processes of the kitfox.toml, or of those who are named.
    """
    from kitfox.cli._restarting import restart_services, upgrade
    from kitfox.cli._whose import whose

    if not (names or supervisor):
        raise click.UsageError("Missing argument 'SERVICE...'")
    for kept in whose(names, config, profile, overrides):
        asyncio.run(upgrade(kept) if supervisor else restart_services(kept, rolling=rolling))
