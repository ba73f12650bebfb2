"""Joining a supervisor with a terminal: signals in, lines out, the table in a file for others."""

import os
import sys
from collections.abc import Sequence

import click

from kitfox.app import Config, Row, StatusFile, Supervisor
from kitfox.cli._output import shows_colour
from kitfox.cli._screen import Screen
from kitfox.cli._signals import stop_signals
from kitfox.cli._together import as_one


async def supervise(config: Config, flags: Sequence[str]) -> bool:
    """Run a system until a signal ends it; return whether no service had to be given up."""
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

    def changed(row: Row) -> None:
        screen.changed(row, supervisor.rows)
        try:
            status.write(supervisor.rows)
        except OSError as error:
            screen.line("kitfox", f"the status file cannot be written: {error}")

    def stop() -> None:
        words = "killing" if supervisor.stopping else "stopping; Ctrl-C again kills"
        screen.line("kitfox", words)
        supervisor.stop()

    def command(name: str) -> Sequence[str]:
        which = "--all" if together else f"--service={name}"
        run = ["run", f"--config={config.file}", which, *flags]
        return [sys.executable, "-P", "-m", "kitfox", *run]

    supervisor = Supervisor(config, command, environ=os.environ, changed=changed, wrote=screen.line)
    with stop_signals(stop):
        return await supervisor.run()


def _write(line: str) -> None:
    """Print a line at once; a line that cannot be printed is no reason to stop a system."""
    try:
        click.echo(line)
    except BrokenPipeError:  # nobody reads any more, nor will
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        pass
