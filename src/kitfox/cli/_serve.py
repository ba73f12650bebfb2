"""`kitfox serve`."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from kitfox.cli._exit import Exit
from kitfox.cli._options import overrides_option


@click.command()
@click.argument("target", metavar="MODULE:NAME")
@click.option("--listen", multiple=True, metavar="URL", help="Where it listens.")
@click.option("--replicas", type=click.IntRange(1), metavar="N", help="[default: one per core]")
@click.option("--trial", is_flag=True, hidden=True, help="Tell if it could take over, and end.")
@overrides_option
def serve(
    target: str,
    *,
    listen: Sequence[str],
    replicas: int | None,
    trial: bool,
    overrides: Mapping[str, str],
) -> None:
    """Run one service in production, a process per core.

    The processes share its sockets, and are kept up. MODULE:NAME and --set are as for `kitfox run`.
    SIGHUP replaces the processes when their code has changed, and `kitfox restart MODULE:NAME` at
    once; no call is lost. SIGTERM stops them kindly.
    """
    from kitfox.app import Config
    from kitfox.cli._single import single, state_of
    from kitfox.cli._supervise import supervise
    from kitfox.cli._upgrade import try_on

    keys = {"replicas": str(replicas or len(os.sched_getaffinity(0))), **overrides}
    keys["system.state"] = str(state_of(target, overrides, os.environ))

    def read(_: Path | None) -> Config:
        return single(target, listen, keys, os.environ)[0]

    def command(_: Config, __: str) -> Sequence[str]:
        words = [
            *(f"--listen={url}" for url in listen),
            *(f"--set={k}={v}" for k, v in keys.items()),
        ]
        return [sys.executable, "-P", "-m", "kitfox", "run", target, *words]

    if trial:
        try_on(read(None))
        return
    if not asyncio.run(supervise(read, command)):
        raise SystemExit(Exit.FAILED)
