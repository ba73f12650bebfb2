"""What each service of a running system was started as: its configuration and its code."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from kitfox.app import Config, ServiceConfig, groups

Marks = Mapping[Path, tuple[int, int]]


class _Version(NamedTuple):
    services: Mapping[str, ServiceConfig]
    code: Marks


class Versions:
    """Tells who runs as what is no longer there."""

    def __init__(self, config: Config) -> None:
        self._started = _versions(config)

    def changed(self, config: Config) -> list[str]:
        """Return those whose own configuration or code has changed, and that there still are."""
        now = _versions(config)
        return [name for name, was in self._started.items() if name in now and now[name] != was]

    def others(self, config: Config) -> list[str]:
        """Return those that have come or gone, which a running system cannot change."""
        return sorted(self._started.keys() ^ groups(config).keys())

    def started(self, names: Iterable[str], config: Config) -> None:
        """Note that some run as a configuration says; a name of one replica says nothing."""
        now = _versions(config)
        self._started |= {name: now[name] for name in names if name in now}


def code_of(config: Config) -> Marks:
    """Return a mark of each source file of a system's services; another when it changes."""
    return {file: mark for each in _versions(config).values() for file, mark in each.code.items()}


def _versions(config: Config) -> dict[str, _Version]:
    return {
        name: _Version(group.services, _marks(config, group.services.values()))
        for name, group in groups(config).items()
    }


def _marks(config: Config, services: Iterable[ServiceConfig]) -> Marks:
    modules = {service.run.partition(":")[0].partition(".")[0] for service in services}
    files = {
        file
        for module in modules
        for folder in config.system.path
        for file in _files(folder, module)
    }
    return {file: mark for file in files if (mark := _mark(file))}


def _files(folder: Path, module: str) -> Iterable[Path]:
    """Return the files of a module, or of the package with all that is below it."""
    return [folder / f"{module}.py", *(folder / module).rglob("*.py")]


def _mark(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)
