"""Asking a supervisor to replace processes or itself, and telling what it says."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import click

from kitfox.app import connect
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._whose import Kept
from kitfox.core import Unavailable, Unreachable
from kitfox.scope import fail_after
from kitfox.supervisor import Program, Row, State, StatusFile, Step, Supervision

_LOOK_AGAIN: Final = 0.1  # seconds between two looks for a program that is to answer
_TRIED_WITHIN: Final = 45.0  # seconds: a program that does not begin is told of before
_BEGINS_WITHIN: Final = 30.0  # seconds


async def restart_services(kept: Kept, *, rolling: bool) -> None:
    """Replace services of a running system, and print each step. Raises Failed when none runs."""
    async with _supervisor_of(kept) as supervisor:
        async for step in supervisor.restart(list(kept.names), kept.file, rolling=rolling):
            for line in _lines(step):
                click.echo(line)


async def upgrade(kept: Kept) -> None:
    """Have the installed kitfox take over from a supervisor; FailedPrecondition says why not.

    Raises Failed when none runs, or the new one does not.
    """
    async with _supervisor_of(kept) as supervisor, fail_after(_TRIED_WITHIN):
        before = await supervisor.program()
        with suppress(Unavailable):  # it is gone, and its last word is that it is
            await supervisor.upgrade()
    after = await _program_after(before, kept)
    click.echo(f"kitfox {after.version} took over from {before.version}: pid {after.pid}")


async def _program_after(before: Program, kept: Kept) -> Program:
    """Wait until another program answers. Raises Failed when none does."""
    try:
        async with fail_after(_BEGINS_WITHIN):
            return await _next_program(before, kept)
    except TimeoutError:
        text = f"the new `{kept.command}` does not answer; what it wrote says why"
        raise Failed(text) from None


async def _next_program(before: Program, kept: Kept) -> Program:
    while (found := await _program(kept)) is None or found.number <= before.number:
        if not _lives(before.pid):
            raise Failed(f"the new `{kept.command}` has ended; what it wrote says why")
        await asyncio.sleep(_LOOK_AGAIN)
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _program(kept: Kept) -> Program | None:
    with suppress(Failed, Unavailable):
        async with _supervisor_of(kept) as supervisor:
            return await supervisor.program()
    return None


@asynccontextmanager
async def _supervisor_of(kept: Kept) -> AsyncIterator[Supervision]:
    """Connect to a supervisor. Raises Failed when none runs."""
    status = StatusFile(kept.state / "processes.json").read()
    nobody = Failed(f"no `{kept.command}` runs in {kept.state}", Exit.UNHEALTHY)
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
    why = f" ({row.status})" if row.state is State.READY and row.status else ""
    return f"{row.name} {row.state}{who}{left}{why}"
