"""`kitfox run`."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import config_file, config_options


@click.command()
@click.argument("target", required=False, default="", metavar="[MODULE:NAME]")
@click.option("--service", default="", metavar="NAME", help="Run this service of the kitfox.toml.")
@click.option("--all", "together", is_flag=True, help="Run all services of the kitfox.toml.")
@click.option("--listen", multiple=True, metavar="URL", help="Where MODULE:NAME listens.")
@click.option("--probes", default="", metavar="ADDRESS", help="Where health probes are answered.")
@config_options
def run(
    target: str,
    *,
    service: str,
    together: bool,
    listen: Sequence[str],
    probes: str,
    config: Path | None,
    profile: str | None,
    overrides: Mapping[str, str],
) -> None:
    """Run a service, or all in one process, until Ctrl-C.

    MODULE:NAME is a class or a factory; it needs no kitfox.toml. What would stand there is given as
    --set settings.key=value, --set advertise=host, --set system.registry=URL and so on.

    With --service it is one that a kitfox.toml tells how to run; with --all it is all of them,
    which then meet without a wire.
    """
    from kitfox.app import read_config
    from kitfox.cli._single import single
    from kitfox.process import run_in_foreground

    if [bool(target), bool(service), together].count(True) != 1:
        raise Failed("expected one of MODULE:NAME, --service NAME and --all", Exit.USAGE)
    if probes and together:
        raise Failed("--probes is of one service: name its probes in the kitfox.toml", Exit.USAGE)
    if probes:
        key = "health.probes" if target else f"service.{service}.health.probes"
        overrides = {**overrides, key: probes}
    if target:
        loaded, name = single(target, listen, overrides, os.environ)
        run_in_foreground(lambda: loaded, name, os.environ)
    else:
        file = config_file(config).absolute()
        reread = partial(read_config, file, os.environ, overrides, profile)
        state = reread().system.state
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chdir(state)
        run_in_foreground(reread, service, os.environ)
