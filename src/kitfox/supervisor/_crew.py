"""The processes of one service, or of all of them together: replicas that share its sockets."""

from collections.abc import Callable, Sequence

from kitfox.app import Config, groups
from kitfox.supervisor._held_sockets import HeldSockets, PortTakenError
from kitfox.supervisor._keeper import Keeper, RestartFailedError
from kitfox.supervisor._plan import Plan

Command = Callable[[Config, str], Sequence[str]]
"""How a process of a configuration is run, given its name."""


class Crew:
    """The processes that a configuration has under one name, and the sockets they listen at."""

    def __init__(self, name: str, config: Config, command: Command, sockets: HeldSockets) -> None:
        self.name = name
        self.keepers: dict[str, Keeper] = {}
        self._config = config
        self._group = groups(config)[name]
        self._command = command
        self._sockets = sockets
        count = self._group.replicas
        numbered = tuple(f"{name}/{number}" for number in range(1, count + 1))
        self.processes = numbered if count > 1 else (name,)

    def open(self) -> None:
        """Open the sockets; PortTakenError."""
        self._sockets.open(self._group.services)

    def close(self) -> None:
        """Close the sockets: who calls there is refused."""
        self._sockets.close(self._group.services)

    def man(self, keeper: Callable[[Plan], Keeper]) -> None:
        """Have a keeper for each process."""
        for process in self.processes:
            self.keepers[process] = keeper(self._plan(process, self._config))

    async def renew(self, process: str, config: Config) -> RestartFailedError | None:
        """Replace a process by one that a configuration says; return what went wrong."""
        try:
            await self.keepers[process].renew(self._plan(process, config))
        except RestartFailedError as error:
            return error
        except (PortTakenError, LookupError) as error:
            return RestartFailedError(process, str(error))
        return None

    def settle(self, config: Config, *, done: bool) -> None:
        """Be of a configuration from now on, if it was `done`; else stay as it was."""
        if done:
            self._config, self._group = config, groups(config)[self.name]
        self._sockets.keep(self._group.services)

    def _plan(self, process: str, config: Config) -> Plan:
        """Raises PortTakenError, LookupError when it has no such process."""
        group = groups(config).get(self.name)
        if group is None or group.replicas != len(self.processes):
            raise LookupError("the processes that there are change when kitfox up starts")
        return Plan(
            name=process,
            command=tuple(self._command(config, self.name)),
            folder=config.file.parent,
            environment=group.environment,
            sockets=self._sockets.open(group.services),
            overlap=group.may_overlap,
            grace=group.grace,
            silence=group.silence,
        )
