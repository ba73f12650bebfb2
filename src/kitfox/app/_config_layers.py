"""Laying the sources of a configuration over each other: default < file < profile < env < flag.

Variables and flags are text and only change what the file has: they name no new section and no
new service, so that a typing error is an error and not a service nobody asked for.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeGuard

from kitfox.app._config_error import ConfigError, did_you_mean, why_unread
from kitfox.app._policy import FIELDS

Table = dict[str, object]
KeyPath = tuple[str, ...]
ReadSecret = Callable[[Path], str]

SECTIONS = ("policy", "service", "system")


class Text(NamedTuple):
    """One value from a source that knows only text."""

    origin: str
    path: KeyPath
    value: object


class Layers:
    """A tree made of several sources: the later one wins, key by key, and is remembered."""

    def __init__(self, tree: Table, origin: str) -> None:
        self.tree = tree
        self._first = origin
        self._origins: dict[KeyPath, str] = {}
        self._texts: set[KeyPath] = set()

    def lay(self, table: Mapping[str, object], origin: str, at: KeyPath = ()) -> None:
        """Lay a table of typed values over the tree."""
        for key, value in table.items():
            path = (*at, key)
            if is_table(value):
                self.lay(value, origin, path)
            else:
                self._put(path, value, origin)

    def lay_texts(self, texts: Iterable[Text]) -> None:
        """Lay values that are text over the tree."""
        for text in texts:
            self._check(text)
            self._put(text.path, text.value, text.origin)
            self._texts.add(text.path)

    def origin(self, path: KeyPath) -> str:
        """Return who gave the value at a path, or the nearest one above it."""
        above = (path[:end] for end in range(len(path), 0, -1))
        return next((self._origins[p] for p in above if p in self._origins), self._first)

    def has_text(self, path: KeyPath) -> bool:
        """Tell whether some value at or below a path came as text."""
        return any(text[: len(path)] == path for text in self._texts)

    def _put(self, path: KeyPath, value: object, origin: str) -> None:
        table = self.tree
        for depth, key in enumerate(path[:-1], start=1):
            below = table.setdefault(key, {})
            if not is_table(below):
                raise ConfigError(origin, ".".join(path[:depth]), "is a value, not a table")
            table = below
        table[path[-1]] = value
        self._origins[path] = origin

    def _check(self, text: Text) -> None:
        section, *names = text.path
        if section not in SECTIONS:
            raise ConfigError(
                text.origin, "", f'no section "{section}"{did_you_mean(section, SECTIONS)}'
            )
        services = table_at(self.tree, "service")
        if section == "service" and names[:1] and names[0] not in services:
            problem = f'{self._first} has no service "{names[0]}"'
            raise ConfigError(text.origin, "", problem + did_you_mean(names[0], services))


def is_table(value: object) -> TypeGuard[Table]:
    """Tell a table from any other value; the keys of TOML and JSON are always text."""
    return isinstance(value, dict)


def table_at(tree: Mapping[str, object], key: str) -> Table:
    """Return the table at a key; an empty one when there is none."""
    value = tree.get(key)
    return value if is_table(value) else {}


def from_environ(environ: Mapping[str, str], tree: Table, read: ReadSecret) -> Iterator[Text]:
    """Yield the `KITFOX_…__…` variables; one that ends in `_FILE` names a file with a secret."""
    for name in sorted(environ):
        if name.startswith("KITFOX_") and "__" in name:
            plain = name.removesuffix("_FILE")
            if plain != name and plain in environ:
                raise ConfigError(name, "", f"{plain} is set as well; keep one of them")
            path = _spelling(name, plain.removeprefix("KITFOX_").split("__"), tree)
            secret = plain != name
            value = _secret(name, environ[name], read) if secret else _value(environ[name])
            yield Text(name, path, value)


def from_flags(overrides: Mapping[str, str]) -> Iterator[Text]:
    """Yield what `--set section.key=value` says."""
    for key, value in overrides.items():
        path = tuple(key.split("."))
        if not all(path):
            raise ConfigError(f"--set {key}", "", "expected names with dots between them")
        yield Text(f"--set {key}", _policy_path(path), _value(value))


def _policy_path(path: KeyPath) -> KeyPath:
    """Return the path with the name of a service in one piece: `policy.school.Grading.retry`."""
    section, *names = path
    field = next((at for at, name in enumerate(names) if name in FIELDS), 0)
    if section != "policy" or not field:
        return path
    return (section, ".".join(names[:field]), *names[field:])


def _spelling(origin: str, segments: list[str], tree: Table) -> KeyPath:
    """Write a variable's names as the file does: LOG_STORE finds `log-store`, new keys are lower.

    The names of a process's own variables (`service.x.environment`) stay as they are.
    """
    path: list[str] = []
    table = tree
    for segment in segments:
        if not segment:
            raise ConfigError(origin, "", "expected a name on each side of `__`")
        folded = segment.lower()
        known = (key for key in table if key.lower().replace("-", "_") == folded)
        exact = path[:1] == ["service"] and path[2:] == ["environment"]
        path.append(segment if exact else next(known, folded))
        table = table_at(table, path[-1])
    return tuple(path)


def _secret(origin: str, file: str, read: ReadSecret) -> str:
    try:
        return read(Path(file)).rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise ConfigError(origin, "", f"cannot read {file}: {why_unread(error)}") from None


def _value(text: str) -> object:
    """Read a list or a table from JSON; everything else, a secret too, stays the text it is."""
    if not text.startswith(("[", "{")):
        return text
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value
