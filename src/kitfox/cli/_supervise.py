"""Joining a supervisor with a terminal: signals in, lines out, the table in a file for others."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

import click

from kitfox.app import Config, Row, StatusFile, Supervisor
from kitfox.cli._output import shows_colour
from kitfox.cli._screen import Screen

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def supervise(config: Config, flags: Sequence[str]) -> bool:
    """Run a system until a signal ends it; return whether no service had to be given up."""
    services = config.services
    status = StatusFile(config.system.state / "processes.json")
    screen = Screen(
        tuple(services),
        write=_write,
        colour=shows_colour(),
        openable=[name for name, service in services.items() if service.open],
    )

    def changed(row: Row) -> None:
        status.write(supervisor.rows)
        screen.changed(row, supervisor.rows)

    def stop() -> None:
        screen.line("kitfox", "stopping; Ctrl-C again kills")
        supervisor.stop()

    def command(name: str) -> Sequence[str]:
        run = ["run", f"--config={config.file}", f"--service={name}", *flags]
        return [sys.executable, "-P", "-m", "kitfox", *run]

    supervisor = Supervisor(config, command, environ=os.environ, changed=changed, wrote=screen.line)
    for number in _STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return await supervisor.run()


def _write(line: str) -> None:
    """Print a line at once; when nobody reads any more the system runs on in silence."""
    try:
        click.echo(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
