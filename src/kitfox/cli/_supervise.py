"""Joining a supervisor with a terminal: signals in, lines out, the table in a file for others."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from kitfox.app import Row, StatusFile, Supervisor
from kitfox.cli._heralds import Heralds
from kitfox.cli._output import shows_colour
from kitfox.cli._reload import Reread, changes
from kitfox.cli._screen import Screen
from kitfox.cli._signals import stop_signals
from kitfox.cli._together import as_one


async def supervise(reread: Reread, flags: Sequence[str]) -> bool:
    """Run a system until a signal ends it; return whether no service had to be given up.

    When its file changes, and at SIGHUP, its services read their policies again.
    """
    config = reread()
    together = config.system.together
    config = as_one(config) if together else config
    services = config.services
    status = StatusFile(config.system.state / "processes.json")
    screen = Screen(
        tuple(services),
        write=_write,
        colour=shows_colour(),
        openable=[name for name, service in services.items() if service.open],
    )
    heralds = Heralds(reread)

    def changed(row: Row) -> None:
        screen.changed(row, supervisor.rows)
        heralds.changed(row)
        try:
            status.write(supervisor.rows)
        except OSError as error:
            screen.line("kitfox", f"the status file cannot be written: {error}")

    def reload() -> None:
        screen.line("kitfox", heralds.reload(supervisor.rows))

    def stop() -> None:
        words = "killing" if supervisor.stopping else "stopping; Ctrl-C again kills"
        screen.line("kitfox", words)
        supervisor.stop()

    def command(name: str) -> Sequence[str]:
        which = "--all" if together else f"--service={name}"
        run = ["run", f"--config={config.file}", which, *flags]
        return [sys.executable, "-P", "-m", "kitfox", *run]

    supervisor = Supervisor(config, command, environ=os.environ, changed=changed, wrote=screen.line)
    with stop_signals(stop, reload):
        return await _run(supervisor, config.file, reload)


async def _run(supervisor: Supervisor, file: Path, reload: Callable[[], None]) -> bool:
    """Run a system, and call `reload` when its file changes."""

    async def watch() -> None:
        async for _ in changes(file):
            reload()

    watching = asyncio.create_task(watch())
    try:
        return await supervisor.run()
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def _write(line: str) -> None:
    """Print a line at once; a line that cannot be printed is no reason to stop a system."""
    try:
        click.echo(line)
    except BrokenPipeError:  # nobody reads any more, nor will
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        pass
