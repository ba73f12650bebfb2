"""From an unchecked table to a frozen Struct, with the whole path of what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from kitfox.app._config_error import ConfigError, did_you_mean, explain

T = TypeVar("T", bound=msgspec.Struct)


def convert(
    table: Mapping[str, object], to: type[T], *, where: str, key: str, texts: bool = False
) -> T:
    """Make a Struct of a table; `texts` lets "5" be a number, as values from the environment are.

    Raises ConfigError with `where` (a file or variable) and the key's path, below `key`.
    """
    known = {field.encode_name for field in msgspec.structs.fields(to)}
    if unknown := sorted(table.keys() - known):
        raise ConfigError(
            where, _join(key, unknown[0]), "unknown key" + did_you_mean(unknown[0], known)
        )
    try:
        return msgspec.convert(table, to, strict=not texts, dec_hook=_decode)
    except msgspec.ValidationError as error:
        below, problem = explain(str(error))
        raise ConfigError(where, _join(key, below), problem) from None


def _decode(kind: type, value: object) -> object:
    if kind is object:
        return value
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise msgspec.ValidationError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


def _join(*names: str) -> str:
    return ".".join(filter(None, names))
