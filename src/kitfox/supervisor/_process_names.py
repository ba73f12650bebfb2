"""What the processes of a system are called. Pure."""

from kitfox.app import Config, groups


def process_names(config: Config, name: str) -> tuple[str, ...]:
    """Return the names of a service's processes: its own, or of several a numbered one each.

    None, if a configuration has no such service.
    """
    group = groups(config).get(name)
    if group is None:
        return ()
    if group.replicas == 1:
        return (name,)
    return tuple(f"{name}/{number}" for number in range(1, group.replicas + 1))
