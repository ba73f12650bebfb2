"""Which services run in one process, and what is true of all that do. Pure."""

from collections.abc import Mapping

import msgspec

from kitfox.app._config_schema import Config, ServiceConfig, System
from kitfox.app._listen_urls import Opened, how_opened
from kitfox.app._original import ORIGINAL
from kitfox.app._stop_times import grace_of

_OURS = "kitfox.services."  # they keep files that one process may have open
_SILENCE = 3  # times as long as `/livez` bears


class Group(msgspec.Struct, frozen=True):
    """The services of one process, by their names."""

    services: Mapping[str, ServiceConfig]
    system: System

    @property
    def environment(self) -> dict[str, str]:
        """What is added to the environment of the process."""
        return {
            key: text for each in self.services.values() for key, text in each.environment.items()
        }

    @property
    def replicas(self) -> int:
        """How many such processes there are: one, when several services are in it."""
        counts = [service.replicas for service in self.services.values()]
        return counts[0] if len(counts) == 1 else 1

    @property
    def ready_within(self) -> float:
        """How long the process may take to be ready, in seconds: its services begin in turn."""
        return sum(each.ready_within.total_seconds() for each in self.services.values())

    @property
    def grace(self) -> float:
        """How long the process may take to stop, in seconds: several services do so in turn."""
        return sum(map(grace_of, self.services.values()))

    @property
    def silence(self) -> float:
        """For how many seconds its event loop may say nothing before the process is replaced.

        So a probe has failed some times already: those who look from outside come first.
        """
        return min(
            _SILENCE * each.health.dead_after.total_seconds() for each in self.services.values()
        )

    @property
    def may_overlap(self) -> bool:
        """Whether two such processes may run at once."""
        return all(_may(service, self.system) for service in self.services.values())


def groups(config: Config) -> Mapping[str, Group]:
    """Return the services of each process by its name: one of its own each, or one for all."""
    system, services = config.system, config.services
    if system.together:
        return {system.name: Group(services, system)}
    return {name: Group({name: service}, system) for name, service in services.items()}


def _may(service: ServiceConfig, system: System) -> bool:
    if service.overlap is not None:
        return service.overlap
    return not (
        service.run.startswith(_OURS)
        or (system.registry or "").startswith(ORIGINAL)  # it knows processes by addresses alone
        or any(how_opened(url) is Opened.ALONE for url in service.listen)
    )
