"""Joining a supervisor with a terminal: signals in, lines out, the table in a file for others."""

import asyncio
import os
import sys
from collections.abc import Sequence

import click

from kitfox.app import Config, Row, StatusFile, Supervisor, groups
from kitfox.cli._heralds import Heralds
from kitfox.cli._output import shows_colour
from kitfox.cli._reload import Reread, changes
from kitfox.cli._screen import Screen
from kitfox.cli._signals import stop_signals
from kitfox.cli._strangers import Strangers
from kitfox.net import Sockets


async def supervise(reread: Reread, flags: Sequence[str]) -> bool:
    """Run a system until a signal ends it; return whether no service had to be given up.

    When its file changes, and at SIGHUP, its services read their policies again.
    """
    return await _Operated(reread(), reread, flags).run()


class _Operated:
    """A system, and the terminal of its operator."""

    def __init__(self, config: Config, reread: Reread, flags: Sequence[str]) -> None:
        self._file = config.file
        self._flags = flags
        self._heralds = Heralds(reread)
        self._strangers = Strangers(config, self._say)
        self._status = StatusFile(config.system.state / "processes.json")
        self._supervisor = Supervisor(
            config,
            self._command,
            environ=os.environ,
            changed=self._changed,
            wrote=self._wrote,
            sockets=Sockets.inherit(os.environ, os.getpid()),
        )
        self._screen = Screen(
            [row.name for row in self._supervisor.rows],
            write=_write,
            colour=shows_colour(),
            openable=_openable(config),
        )

    async def run(self) -> bool:
        """Run it, with an eye on its file."""
        with stop_signals(self._stop, self._reload):
            watching = asyncio.create_task(self._watch())
            try:
                return await self._supervisor.run()
            finally:
                watching.cancel()
                await asyncio.wait([watching])

    async def _watch(self) -> None:
        async for _ in changes(self._file):
            self._reload()

    def _reload(self) -> None:
        self._say(self._heralds.reload(self._supervisor.rows))

    def _stop(self) -> None:
        self._say("killing" if self._supervisor.stopping else "stopping; Ctrl-C again kills")
        self._supervisor.stop()

    def _changed(self, row: Row) -> None:
        rows = self._supervisor.rows
        self._screen.changed(row, rows)
        self._heralds.changed(row)
        self._strangers.changed(rows)
        try:
            self._status.write(rows)
        except OSError as error:
            self._say(f"the status file cannot be written: {error}")

    def _wrote(self, name: str, line: str) -> None:
        self._screen.line(name, line)

    def _say(self, text: str) -> None:
        self._screen.line("kitfox", text)

    def _command(self, config: Config, name: str) -> Sequence[str]:
        which = "--all" if config.system.together else f"--service={name}"
        run = ["run", f"--config={config.file}", which, *self._flags]
        return [sys.executable, "-P", "-m", "kitfox", *run]


def _openable(config: Config) -> list[str]:
    """Return the processes whose address is for a browser; of replicas, the first."""
    wanted = [
        name for name, group in groups(config).items() if any(each.open for each in group.values())
    ]
    return [process for name in wanted for process in (name, f"{name}/1")]


def _write(line: str) -> None:
    """Print a line at once; a line that cannot be printed is no reason to stop a system."""
    try:
        click.echo(line)
    except BrokenPipeError:  # nobody reads any more, nor will
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        pass
