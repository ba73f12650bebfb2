"""All processes of a system, by the services that they serve."""

from collections.abc import Callable, Iterable, Iterator

from kitfox.app import Config, did_you_mean, groups, start_order
from kitfox.supervisor._crew import Command, Crew
from kitfox.supervisor._held_sockets import HeldSockets, PortTakenError
from kitfox.supervisor._keeper import Keeper, RestartFailedError
from kitfox.supervisor._plan import Plan

Chosen = dict[str, Crew]
"""Processes that are to be replaced, or to begin, each with its crew."""


class Crews:
    """The crews of a configuration, in its order."""

    def __init__(self, config: Config, command: Command, sockets: HeldSockets) -> None:
        self._config = config
        self._crews = {name: Crew(name, config, command, sockets) for name in groups(config)}

    def __iter__(self) -> Iterator[Crew]:
        return iter(self._crews.values())

    @property
    def processes(self) -> list[str]:
        """The names of all processes that there are, or are to be."""
        return [name for crew in self for name in crew.processes]

    def keepers(self, crews: Iterable[Crew] | None = None) -> list[Keeper]:
        """Return the keepers of all processes, or of those of some crews."""
        found = self if crews is None else crews
        return [keeper for crew in found for keeper in crew.keepers.values()]

    def waves(self) -> list[list[Crew]]:
        """Return who starts side by side, when those before are ready."""
        if self._config.system.together:
            return [list(self)]
        return [[self._crews[name] for name in wave] for wave in start_order(self._config)]

    def of(self, name: str) -> Crew:
        """Return the crew of a service's name or of a process's. Raises LookupError."""
        for crew in self:
            if name == crew.name or name in crew.processes:
                return crew
        raise LookupError(f'no process is called "{name}"' + did_you_mean(name, self.processes))

    def choose(
        self, names: Iterable[str], config: Config, keeper: Callable[[Plan], Keeper]
    ) -> tuple[Chosen, list[RestartFailedError]]:
        """Return who becomes what a configuration says, and of which names that is not possible.

        Those that are not there yet get a keeper.
        """
        chosen: Chosen = {}
        failed: list[RestartFailedError] = []
        for name in names:
            crew = self.of(name)
            try:
                chosen |= dict.fromkeys(crew.named(name, config, keeper), crew)
            except (PortTakenError, LookupError) as error:
                failed.append(RestartFailedError(name, str(error)))
        return chosen, failed
