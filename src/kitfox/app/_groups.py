"""Which services run in one process, and what is true of all that do. Pure."""

from collections.abc import Mapping

from kitfox.app._config_schema import Config, ServiceConfig, System
from kitfox.app._listen_urls import Opened, how_opened

Group = Mapping[str, ServiceConfig]

_OURS = "kitfox.services."  # they keep files that one process may have open
_ORIGINAL = "original+"  # a registry that knows processes by their addresses alone


def groups(config: Config) -> Mapping[str, Group]:
    """Return the services of each process by its name: one of its own each, or one for all."""
    if config.system.together:
        return {config.system.name: config.services}
    return {name: {name: service} for name, service in config.services.items()}


def environment_of(group: Group) -> dict[str, str]:
    """Return what is added to the environment of a group's process."""
    return {key: text for each in group.values() for key, text in each.environment.items()}


def may_overlap(group: Group, system: System) -> bool:
    """Whether two processes of a group may run at once."""
    return all(_may(service, system) for service in group.values())


def _may(service: ServiceConfig, system: System) -> bool:
    if service.overlap is not None:
        return service.overlap
    return not (
        service.run.startswith(_OURS)
        or (system.registry or "").startswith(_ORIGINAL)
        or any(how_opened(url) is Opened.ALONE for url in service.listen)
    )


def replicas_of(group: Group) -> int:
    """Return how many processes a group has: one, when several services are in it."""
    counts = [service.replicas for service in group.values()]
    return counts[0] if len(counts) == 1 else 1
