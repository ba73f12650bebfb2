"""Each value of a configuration, and who gave it."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, NamedTuple, cast

import msgspec

from kitfox.app._config_layers import KeyPath, Layers, is_table
from kitfox.app._config_schema import Config, ServiceConfig, System
from kitfox.app._policy import DEADLINE, MAXIMUM, Policy

DEFAULT: Final = "default"
HIDDEN: Final = "(hidden)"

_SECRET: Final = re.compile(r"token|secret|password|passwd|credential|private|dsn", re.IGNORECASE)
_WITH_PASSWORD: Final = re.compile(r"(?<=://)\S*@")
_IN_QUERY: Final = re.compile(rf"(?<=[?&])(\w*(?:{_SECRET.pattern})\w*=)[^&\s]*", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[\w-]+")


class Value(NamedTuple):
    """One value by its key as the file has it; what looks like a secret is not shown."""

    key: str
    value: object
    origin: str


def values(layers: Layers, config: Config) -> tuple[Value, ...]:
    """Return all values: those that somebody gave, and the defaults of those that nobody did."""
    found = dict(_given(layers, layers.tree, ()))
    for path, default in _defaults(config):
        if path not in found and not any(given[: len(path)] == path for given in found):
            found[path] = Value(_key(path), _shown(path, default, DEFAULT), DEFAULT)
    return tuple(value for _, value in sorted(found.items()))


def _given(
    layers: Layers, table: Mapping[str, object], above: KeyPath
) -> Iterator[tuple[KeyPath, Value]]:
    for key, value in table.items():
        path = (*above, key)
        if is_table(value) and value:
            yield from _given(layers, value, path)
        else:
            origin = layers.origin(path)
            yield path, Value(_key(path), _shown(path, value, origin), origin)


def _defaults(config: Config) -> Iterator[tuple[KeyPath, object]]:
    yield from ((("system", key), value) for key, value in _fields(System))
    for name in config.services:
        yield from ((("service", name, *path), value) for path, value in _nested(ServiceConfig))
    times = {"deadline": timedelta(seconds=DEADLINE), "maximum": timedelta(seconds=MAXIMUM)}
    yield from ((("policy", key), times.get(key, value)) for key, value in _fields(Policy))


def _nested(kind: type[msgspec.Struct]) -> Iterator[tuple[KeyPath, object]]:
    """Yield the fields that have a default, and it; those of a table one by one."""
    for name, value in _fields(kind):
        if isinstance(value, msgspec.Struct):
            yield from (((name, *path), below) for path, below in _nested(type(value)))
        else:
            yield (name,), value


def _fields(kind: type[msgspec.Struct]) -> Iterator[tuple[str, object]]:
    """Yield the fields that have a default, and it."""
    for field in msgspec.structs.fields(kind):
        if field.default_factory is not msgspec.NODEFAULT:
            yield field.name, field.default_factory()
        elif field.default is not msgspec.NODEFAULT:
            yield field.name, field.default


def _shown(path: KeyPath, value: object, origin: str) -> object:
    if origin.startswith("KITFOX_") and origin.endswith("_FILE"):
        return HIDDEN
    names = (*path[2:], path[-1])  # not that of the service, which may well be one of secrets
    if value and (any(map(_SECRET.search, names)) or path[2:3] == ("environment",)):
        return HIDDEN
    return _plain(value)


def _plain(value: object) -> object:
    """Return what JSON can say, without the passwords in URLs."""
    match value:
        case str():
            return masked(value)
        case timedelta():
            return f"{value.total_seconds():g}s"
        case list() | tuple():
            return [_plain(item) for item in cast("list[object]", value)]
        case _ if is_table(value):
            return {key: _shown((key,), item, "") for key, item in value.items()}
        case bool() | int() | float() | None:
            return value
        case _:
            return str(value)


def masked(text: str) -> str:
    """Return a text without the passwords in its URLs; rather too much of them than too little."""
    return _IN_QUERY.sub(r"\1***", _WITH_PASSWORD.sub("***@", text))


def _key(path: KeyPath) -> str:
    return ".".join(part if _PLAIN.fullmatch(part) else f'"{part}"' for part in path)
