"""`kitfox restart`."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from kitfox.app import Config, connect, read_config
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import config_file, config_options
from kitfox.core import Unreachable
from kitfox.supervisor import Row, State, StatusFile, Step, Supervision


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
    file = config_file(config).absolute()
    loaded = read_config(file, os.environ, overrides, profile)
    asyncio.run(_restart(loaded, names, rolling=rolling))


async def _restart(config: Config, names: Sequence[str], *, rolling: bool) -> None:
    async with _supervisor_of(config) as supervisor:
        async for step in supervisor.restart(list(names), str(config.file), rolling=rolling):
            for line in _lines(step):
                click.echo(line)


@asynccontextmanager
async def _supervisor_of(config: Config) -> AsyncIterator[Supervision]:
    """Connect to the supervisor of a system. Raises Failed when none runs."""
    state = config.system.state
    status = StatusFile(state / "processes.json").read()
    nobody = Failed(f"no `kitfox up` runs in {state}", Exit.UNHEALTHY)
    if status is None or not status.supervisor:
        raise nobody
    async with connect(status.supervisor) as connection:
        try:
            yield Supervision.client(connection)
        except Unreachable:
            raise nobody from None


def _lines(step: Step) -> list[str]:
    if step.row is not None:
        return [_sentence(step.row)]
    return [*(f"{step.name} | {word}" for word in step.words), step.failure]


def _sentence(row: Row) -> str:
    if row.state is State.RESTARTING and row.heir is not None:
        return f"{row.name} {row.state}: pid {row.heir} beside {row.pid}"
    who = "" if row.pid is None else f": pid {row.pid}"
    left = f", pid {' '.join(map(str, row.leaving))} finishes what it does" if row.leaving else ""
    return f"{row.name} {row.state}{who}{left}"
