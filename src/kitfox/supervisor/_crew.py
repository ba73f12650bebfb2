"""The processes of one service, or of all of them together: replicas that share its sockets.

Rules:

- They are those that a configuration says. One that says others has those begin that are not there
  yet; when all that it says are ready, it is the one that counts, else the one before.
- Who is not of the configuration that counts is told to stop, and parts when it has.
"""

from collections.abc import Callable, Sequence

from kitfox.app import Config, groups
from kitfox.supervisor._held_sockets import HeldSockets, PortTakenError
from kitfox.supervisor._keeper import Keeper, RestartFailedError
from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process_names import process_names

Command = Callable[[Config, str], Sequence[str]]
"""How a process of a configuration is run, given its name."""


class Crew:
    """The processes that a configuration has under one name, and the sockets they listen at."""

    def __init__(self, name: str, config: Config, command: Command, sockets: HeldSockets) -> None:
        self.name = name
        self.processes = process_names(config, name)
        self.keepers: dict[str, Keeper] = {}
        self._config = config
        self._command = command
        self._sockets = sockets
        self._parting: set[str] = set()

    def open(self) -> None:
        """Open the sockets; PortTakenError."""
        self._sockets.open(groups(self._config)[self.name].services)

    def close(self) -> None:
        """Close the sockets: who calls there is refused."""
        self._sockets.close(groups(self._config)[self.name].services)

    def man(self, keeper: Callable[[Plan], Keeper]) -> None:
        """Have a keeper for each process."""
        for process in self.processes:
            self.keepers[process] = keeper(self._plan(process, self._config))

    def named(self, name: str, config: Config, keeper: Callable[[Plan], Keeper]) -> tuple[str, ...]:
        """Return the process of a name, or all that a configuration says; each has a keeper then.

        Raises PortTakenError; LookupError when one of several is named, and it says others.
        """
        wanted = process_names(config, self.name) or self.processes
        if name == self.name:
            self._grow(wanted, config, keeper)
            return wanted
        if wanted != process_names(self._config, self.name):
            raise LookupError(f"how many there are changes when all of {self.name} is restarted")
        return (name,)

    async def renew(self, process: str, config: Config) -> RestartFailedError | None:
        """Replace a process by one that a configuration says; return what went wrong."""
        try:
            plan = self._plan(process, config)
            await self.keepers[process].renew(plan)
        except RestartFailedError as error:
            return error
        except (PortTakenError, LookupError) as error:
            return RestartFailedError(process, str(error))
        return None

    def settle(self, config: Config, *, done: bool) -> list[str]:
        """Be of a configuration from now on, if it was `done`; return who has parted already."""
        if done:
            self._config = config
        self._sockets.keep(groups(self._config)[self.name].services)
        self._parting = set(self.processes) - set(process_names(self._config, self.name))
        for process in sorted(self._parting):
            self.keepers[process].stop()
        return [each for each in sorted(self._parting) if self.keepers[each].over.is_set()]

    def part(self, process: str) -> None:
        """Forget one that has stopped, if it was to part."""
        if process in self._parting:
            self._parting.discard(process)
            del self.keepers[process]
            self.processes = tuple(each for each in self.processes if each != process)

    def _grow(
        self, wanted: Sequence[str], config: Config, keeper: Callable[[Plan], Keeper]
    ) -> None:
        for process in wanted:
            if process not in self.keepers:
                self.keepers[process] = keeper(self._plan(process, config))
                self.processes += (process,)

    def _plan(self, process: str, config: Config) -> Plan:
        """Raises PortTakenError, LookupError when there is no such service."""
        group = groups(config).get(self.name)
        if group is None:
            raise LookupError("which services there are changes when kitfox up starts")
        return Plan(
            name=process,
            command=tuple(self._command(config, self.name)),
            folder=config.file.parent,
            environment=group.environment,
            sockets=self._sockets.open(group.services),
            overlap=group.may_overlap,
            ready_within=group.ready_within,
            grace=group.grace,
            silence=group.silence,
        )
