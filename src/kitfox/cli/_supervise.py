"""Joining a supervisor with a terminal: signals in, lines out, the table in a file for others."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from kitfox.app import Config, ConfigError, Telling, changes, groups, mark_of, stop_signals
from kitfox.cli._heralds import Heralds
from kitfox.cli._output import shows_colour
from kitfox.cli._screen import Screen
from kitfox.cli._signals import upgrade_signal
from kitfox.cli._system_herald import SystemHerald
from kitfox.cli._system_strangers import Strangers
from kitfox.cli._upgrade import take_over
from kitfox.cli._versions import Versions, code_of
from kitfox.net import Heartbeat, Notifier, Sockets
from kitfox.supervisor import Legacy, Row, StatusFile, Supervision, Supervisor
from kitfox.transports.msgpack import RPC

Read = Callable[[Path | None], Config]
"""Reads the configuration at a path, or the one of the start; raises ConfigError."""

Command = Callable[[Config, str], Sequence[str]]
"""How a process of a configuration is run, given its name."""

_LONGEST = 100  # bytes of the path of a Unix socket that any system takes


async def supervise(read: Read, command: Command, *, watch: bool = False) -> bool:
    """Run a system until a signal ends it; return whether no service had to be given up.

    When its file changes, and at SIGHUP, its services read their policies again. At SIGHUP, and
    with `watch` at once, those whose own configuration or code has changed are replaced.
    """
    return await _Operated(read(None), read, command, watch=watch).run()


class _Operated:
    """A system, and the terminal of its operator."""

    def __init__(self, config: Config, read: Read, command: Command, *, watch: bool) -> None:
        self._config = config
        self._read = read
        self._watches = watch
        self._versions = Versions(config)
        self._restarting: set[asyncio.Task[object]] = set()
        self._heralds = Heralds()
        self._strangers = Strangers(config, self._say)
        notifier = Notifier.from_environ(os.environ)
        self._heartbeat = Heartbeat.from_environ(notifier, os.environ, os.getpid())
        self._herald = SystemHerald(Telling(notifier, self._renew))
        self._status = StatusFile(config.system.state / "processes.json")
        self._supervisor = Supervisor(
            config,
            command,
            environ=os.environ,
            changed=self._changed,
            wrote=self._wrote,
            sockets=Sockets.inherit(os.environ, os.getpid()),
            legacy=Legacy.find(os.environ),
        )
        self._screen = Screen(
            [row.name for row in self._supervisor.rows],
            write=_write,
            colour=shows_colour(),
            openable=_openable(config),
        )
        self._supervision = Supervision(
            self._supervisor, read, self._versions.started, self._take_over
        )
        self._asked_at = ""

    async def run(self) -> bool:
        """Run it, with an eye on its file."""
        signals = stop_signals(self._stop, self._herald.reload)
        with self._heartbeat, signals, upgrade_signal(self._upgrade):
            watching = asyncio.create_task(self._watch())
            try:
                return await self._supervisor.run(self._answering())
            finally:
                watching.cancel()
                await asyncio.wait([watching, *self._restarting])

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """Answer whoever asks the supervisor."""
        with _socket_path(self._config.system.state) as path:
            async with RPC(f"unix:{path}", grace=0.0).listen(self._supervision.routes()) as url:
                self._asked_at = url
                yield

    async def _watch(self) -> None:
        async for _ in changes(self._look):
            if self._watches:
                self._renew()
            else:
                self._reload()

    def _look(self) -> object:
        code = code_of(self._config) if self._watches else None
        return (mark_of(self._config.file), code)

    def _reload(self) -> Config | None:
        """Have policies read again; return the configuration, unless it is wrong."""
        try:
            config = self._read(None)
        except ConfigError as error:
            self._say(f"all stays as it was: {error}")
            return None
        self._heralds.reload(self._supervisor.rows)
        self._say(f"reading {config.file if config.file.exists() else 'policies'} again")
        return config

    def _renew(self) -> None:
        """Have policies read again, and replace what runs as something that is no longer there."""
        if (config := self._reload()) is None:
            return
        if others := self._versions.others(config):
            self._say(f"{', '.join(others)}: who there is changes when kitfox up starts")
        if names := self._versions.changed(config):
            self._begin(self._restart(names, config))

    def _upgrade(self) -> None:
        """Have the program that is there now take over, if it can."""
        self._begin(self._take_over())

    def _begin(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(work)
        self._restarting.add(task)
        task.add_done_callback(self._restarting.discard)

    async def _take_over(self) -> str:
        """Let it, and return only if it cannot: why."""
        self._say("trying the program that is there now; if it can, it takes over")
        fault = await take_over(self._supervisor)
        self._say(f"not upgraded: {fault}")
        return fault

    async def _restart(self, names: Sequence[str], config: Config) -> None:
        failed = await self._supervisor.restart(names, config)
        for failure in failed:
            self._say(str(failure))
        if not failed:
            self._versions.started(names, config)

    def _stop(self) -> None:
        self._say("killing" if self._supervisor.stopping else "stopping; Ctrl-C again kills")
        self._herald.stopping()
        self._supervisor.stop()

    def _changed(self, row: Row) -> None:
        rows = self._supervisor.rows
        self._screen.changed(row, rows)
        self._heralds.changed(row)
        self._supervision.changed(row)
        self._strangers.changed(rows)
        self._herald.changed(rows)
        try:
            self._status.write(rows, self._asked_at)
        except OSError as error:
            self._say(f"the status file cannot be written: {error}")

    def _wrote(self, name: str, line: str) -> None:
        self._screen.line(name, line)

    def _say(self, text: str) -> None:
        self._screen.line("kitfox", text)


@contextmanager
def _socket_path(state: Path) -> Iterator[Path]:
    """Find a place for the socket at which the supervisor is asked: in the folder, if it fits."""
    path = state.resolve() / "supervisor.sock"
    if len(os.fsencode(path)) <= _LONGEST:
        yield path
        path.unlink(missing_ok=True)
    else:
        with TemporaryDirectory(prefix="kitfox-") as folder:
            yield Path(folder, "supervisor.sock")


def _openable(config: Config) -> list[str]:
    """Return the processes whose address is for a browser; of replicas, the first."""
    found = groups(config)
    wanted = [each for each in found if any(one.open for one in found[each].services.values())]
    return [process for name in wanted for process in (name, f"{name}/1")]


def _write(line: str) -> None:
    """Print a line at once; a line that cannot be printed is no reason to stop a system."""
    try:
        click.echo(line)
    except BrokenPipeError:  # nobody reads any more, nor will
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        pass
