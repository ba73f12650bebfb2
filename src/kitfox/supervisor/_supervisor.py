"""Running a whole system: every service a process of its own, kept up, stopped in reverse order.

The supervisor opens the sockets that the services listen at, and keeps them: a process is replaced
behind them while its callers notice nothing.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from kitfox.app import Config
from kitfox.net import Lifeline, Sockets
from kitfox.scope import fail_after
from kitfox.supervisor._claim import Claim
from kitfox.supervisor._crew import Command, Crew
from kitfox.supervisor._crews import Crews
from kitfox.supervisor._held_sockets import HeldSockets, PortTakenError
from kitfox.supervisor._keeper import Keeper, RestartFailedError
from kitfox.supervisor._launcher import Launcher
from kitfox.supervisor._legacy import Legacy
from kitfox.supervisor._life import Launch, Patience
from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process_table import ProcessTable, Row, State
from kitfox.supervisor._restart import Restart

_LOOK_AGAIN = 0.2  # seconds between two looks at ports that are taken
_COURTESY = 5.0  # seconds that a wave is waited for; any order of start must do
_OVER = frozenset({State.STOPPED, State.FAILED})


class Supervisor:
    """Runs the services of a configuration, until `stop`, or until none is left to be kept.

    `command` says how a process is run, given a configuration and its name. `changed` gets each row
    of the table as it changes and `wrote` each line a process writes, with its name: in the event
    loop, which they must not block. `sockets` are those that were handed to this process, and
    `legacy` what the program left that ran in it before.
    """

    def __init__(  # noqa: PLR0913 - what it shows and how patient it is, by name
        self,
        config: Config,
        command: Command,
        *,
        environ: Mapping[str, str],
        changed: Callable[[Row], None],
        wrote: Callable[[str, str], None],
        sockets: Sockets | None = None,
        legacy: Legacy | None = None,
        restart: Callable[[], Restart] = Restart,
        patience: Patience | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._environ = environ
        self._tell = changed
        self._wrote = wrote
        self._restart = restart
        self._patience = patience or Patience()
        self._draw = draw
        self._sockets = HeldSockets(sockets)
        self._crews = Crews(config, command, self._sockets)
        self._table = ProcessTable(self._crews.processes, self._changed)
        self._engage: Callable[[Keeper], object] = _nobody_keeps
        self._legacy = legacy
        self._stop = asyncio.Event()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What each process is doing, in the order of the configuration."""
        return tuple(map(self._table.row, self._crews.processes))

    @property
    def number(self) -> int:
        """How many programs have kept this system in this process, this one included."""
        return self._legacy.number + 1 if self._legacy else 1

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop, or has nobody left to keep."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End all kindly, in reverse order; said again, kill them."""
        if self._stop.is_set():
            for keeper in self._crews.keepers():
                keeper.kill()
        self._stop.set()

    def check(self, names: Iterable[str]) -> None:
        """Raise LookupError when one of these is no service, and none of its processes."""
        for name in names:
            self._crews.of(name)

    async def restart(
        self, names: Iterable[str], config: Config, *, rolling: bool = False
    ) -> list[RestartFailedError]:
        """Replace processes by such as a configuration says; return what went wrong.

        Of a service that is named, all are replaced, and there are afterwards as many as the
        configuration says. With `rolling` it is one after the other, and none after one that could
        not be. Raises what `check` raises.
        """
        crews = {name: self._crews.of(name) for name in names}
        chosen, failed = self._crews.choose(crews, config, self._hire)
        for batch in [[each] for each in chosen] if rolling else [list(chosen)]:
            if failed:
                break
            renewed = await asyncio.gather(*(chosen[name].renew(name, config) for name in batch))
            failed += filter(None, renewed)
        for crew in {*crews.values()}:
            for name in crew.settle(config, done=not failed):
                self._parted(name)
        return failed

    async def run(self, beside: AbstractAsyncContextManager[object] | None = None) -> bool:
        """Start all and keep them; return whether none had to be given up.

        `beside` is open for as long as the state folder is this system's. Raises
        AlreadyRunningError when another one runs there, PortTakenError when others hold a port of
        the system's, and do not let it go within a moment.
        """
        with ExitStack() as stack:
            left = self._legacy
            self._claim = stack.enter_context(
                Claim(self._config.system.state, left.claim if left else None)
            )
            stack.callback(self._sockets.close_all)
            await self._open_sockets()
            self._lifeline = stack.enter_context(Lifeline(left.lifeline if left else None))
            self._ears = left.ears if left else mkdtemp(prefix="kitfox-")
            stack.callback(rmtree, self._ears, ignore_errors=True)
            self._launcher = Launcher(
                environ=self._environ,
                lifeline=self._lifeline.fd,
                ears=Path(self._ears),
                left=left.children if left else (),
            )
            async with beside or nullcontext():
                await self._keep_all(self._launcher.launch)
        return all(row.state is not State.FAILED for row in self.rows)

    def leave(self) -> dict[str, str]:
        """Return the environment in which a program that is run by exec goes on with all of this.

        Raises NotSettledError while a process is not simply ready.
        """
        children = tuple(keeper.leave(self._launcher.heard) for keeper in self._crews.keepers())
        left = Legacy(self.number, self._claim.fd, self._lifeline.ends, self._ears, children)
        return left.leave(self._sockets.descriptors, self._environ)

    async def _open_sockets(self) -> None:
        """Wait for what is left of a system that has just died; nobody else is waited for long."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience.ports
        while not self._stop.is_set() and (taken := self._taken()):
            if loop.time() >= end:
                raise taken
            with suppress(TimeoutError):
                async with fail_after(_LOOK_AGAIN):
                    await self._stop.wait()

    def _taken(self) -> PortTakenError | None:
        """Open all sockets; return what is wrong with the first that cannot be had."""
        try:
            for crew in self._crews:
                crew.open()
        except PortTakenError as error:
            return error
        return None

    async def _keep_all(self, launch: Launch) -> None:
        if self._stop.is_set():
            for row in self.rows:
                self._table.stopped(row.name)
            return
        for crew in self._crews:
            crew.man(self._keeper)
        async with asyncio.TaskGroup() as group:
            self._engage = lambda keeper: group.create_task(keeper.keep(launch))
            group.create_task(self._start_in_order())
            group.create_task(self._stop_in_order())
            for keeper in self._crews.keepers():
                self._engage(keeper)

    def _hire(self, plan: Plan) -> Keeper:
        """Have a keeper for one process more, which begins at once. Raises LookupError."""
        if self._stop.is_set():
            raise LookupError("the system is stopping")
        self._table.add(plan.name)
        keeper = self._keeper(plan)
        keeper.start()
        self._engage(keeper)
        return keeper

    def _keeper(self, plan: Plan) -> Keeper:
        plan = self._legacy.plan(plan) if self._legacy else plan
        return Keeper(plan, self._table, self._restart(), self._patience, self._draw, self._wrote)

    async def _start_in_order(self) -> None:
        for wave in self._crews.waves():
            keepers = self._crews.keepers(wave)
            for keeper in keepers:
                keeper.start()
            with suppress(TimeoutError):
                await _tried(keepers)

    async def _stop_in_order(self) -> None:
        await self._stop.wait()
        for wave in reversed(self._crews.waves()):
            keepers = self._crews.keepers(wave)
            for keeper in keepers:
                keeper.stop()
            for crew in wave:
                crew.close()  # the processes have them too; when they let go, callers are refused
            for keeper in keepers:
                await keeper.over.wait()

    def _changed(self, row: Row) -> None:
        if row.state is State.STOPPED:
            self._crews.of(row.name).part(row.name)
        self._tell(row)
        if row.state is State.FAILED:
            self._given_up(self._crews.of(row.name))

    def _parted(self, name: str) -> None:
        """Tell of the end of one that had failed, and so has nothing to tell itself."""
        self._crews.of(name).part(name)
        self._tell(self._table.row(name))

    def _given_up(self, crew: Crew) -> None:
        """Refuse the callers of a service that nobody serves any more; stop when none is served."""
        if all(self._table.row(name).state is State.FAILED for name in crew.processes):
            crew.close()
        if all(row.state in _OVER for row in self.rows):
            self._stop.set()


def _nobody_keeps(keeper: Keeper) -> None:
    raise RuntimeError(f"{keeper.name} cannot begin: processes do so in `run`")


async def _tried(wave: Iterable[Keeper]) -> None:
    """Wait until all of a wave are ready or have fallen; TimeoutError."""
    async with fail_after(_COURTESY):
        for keeper in wave:
            await keeper.tried.wait()
