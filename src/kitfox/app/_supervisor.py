"""Running a whole system: every service a process of its own, kept up, stopped in reverse order."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from kitfox.app._claim import Claim
from kitfox.app._config_schema import Config
from kitfox.app._keeper import Keeper, Launch, Patience
from kitfox.app._launcher import Command, Launcher
from kitfox.app._lifeline import Lifeline
from kitfox.app._ports import taken_port
from kitfox.app._process_table import ProcessTable, Row, State
from kitfox.app._restart import Restart
from kitfox.app._start_order import start_order
from kitfox.scope import fail_after

_LOOK_AGAIN = 0.2  # seconds between two looks at ports that are taken
_COURTESY = 5.0  # seconds that a wave is waited for; any order of start must do


class Supervisor:
    """Runs the services of a configuration, until `stop`, or until none is left to be kept.

    `command` says how a service is run, given its name. `changed` gets each row of the table as
    it changes and `wrote` each line a service writes, with its name: in the event loop, which
    they must not block.
    """

    def __init__(
        self,
        config: Config,
        command: Command,
        *,
        environ: Mapping[str, str],
        changed: Callable[[Row], None],
        wrote: Callable[[str, str], None],
        restart: Callable[[], Restart] = Restart,
        patience: Patience | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._command = command
        self._environ = environ
        self._wrote = wrote
        self._patience = patience or Patience()
        self._table = ProcessTable(config.services, changed)
        self._waves = tuple(
            tuple(Keeper(name, self._table, restart(), self._patience, draw) for name in wave)
            for wave in start_order(config)
        )
        self._stop = asyncio.Event()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What each process is doing, in the order of the configuration."""
        return self._table.rows

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop, or has nobody left to keep."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End all kindly, in reverse order; said again, kill them."""
        if self._stop.is_set():
            for keeper in self._keepers():
                keeper.kill()
        self._stop.set()

    async def run(self) -> bool:
        """Start all and keep them; return whether none had to be given up.

        Raises AlreadyRunningError when another one runs in the same state folder, PortTakenError
        when others hold a port of the system's, and do not let it go within a moment.
        """
        with ExitStack() as stack:
            stack.enter_context(Claim(self._config.system.state))
            await self._wait_for_ports()
            lifeline = stack.enter_context(Lifeline())
            ears = stack.enter_context(TemporaryDirectory(prefix="kitfox-"))
            await self._keep_all(
                Launcher(
                    self._config,
                    self._command,
                    environ=self._environ,
                    lifeline=lifeline.fd,
                    ears=Path(ears),
                    wrote=self._wrote,
                ).launch
            )
        return all(row.state is not State.FAILED for row in self.rows)

    async def _wait_for_ports(self) -> None:
        """Wait for what is left of a system that has just died; nobody else is waited for long."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience.ports
        while (taken := taken_port(self._config)) and not self._stop.is_set():
            if loop.time() >= end:
                raise taken
            with suppress(TimeoutError):
                async with fail_after(_LOOK_AGAIN):
                    await self._stop.wait()

    async def _keep_all(self, launch: Launch) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_in_order())
            group.create_task(self._stop_in_order())
            await asyncio.gather(
                *(group.create_task(keeper.keep(launch)) for keeper in self._keepers())
            )
            self._stop.set()

    async def _start_in_order(self) -> None:
        for wave in self._waves:
            for keeper in wave:
                keeper.start()
            with suppress(TimeoutError):
                await _tried(wave)

    async def _stop_in_order(self) -> None:
        await self._stop.wait()
        for wave in reversed(self._waves):
            for keeper in wave:
                keeper.stop()
            for keeper in wave:
                await keeper.over.wait()

    def _keepers(self) -> list[Keeper]:
        return [keeper for wave in self._waves for keeper in wave]


async def _tried(wave: Iterable[Keeper]) -> None:
    """Wait until all of a wave are ready or have fallen; TimeoutError."""
    async with fail_after(_COURTESY):
        for keeper in wave:
            await keeper.tried.wait()
