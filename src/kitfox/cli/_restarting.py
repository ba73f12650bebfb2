"""Asking a supervisor to replace processes, and telling what it says."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import click

from kitfox.app import Config, connect
from kitfox.cli._exit import Exit, Failed
from kitfox.core import Unreachable
from kitfox.supervisor import Row, State, StatusFile, Step, Supervision


async def restart_services(config: Config, names: Sequence[str], *, rolling: bool) -> None:
    """Replace services of a running system, and print each step. Raises Failed when none runs."""
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
