"""From an unchecked table to a Struct or dataclass, with the whole path of what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.inspect import DataclassType, StructType, TypedDictType

from kitfox.app._config_choices import choices
from kitfox.app._config_durations import read_durations
from kitfox.app._config_error import ConfigError, did_you_mean, explain

T = TypeVar("T")

_NO_CHOICE = "Invalid enum value"  # msgspec's, which does not say what there is to choose from


def convert(
    table: Mapping[str, object], to: type[T], *, where: str, key: str, texts: bool = False
) -> T:
    """Make a Struct, dataclass or TypedDict of a table that says nothing else; as `fit` does."""
    known = fields_of(to)
    if unknown := sorted(table.keys() - known):
        raise ConfigError(
            where, _join(key, unknown[0]), "unknown key" + did_you_mean(unknown[0], known)
        )
    return fit(table, to, where=where, key=key, texts=texts)


def fit(
    table: Mapping[str, object], to: type[T], *, where: str, key: str, texts: bool = False
) -> T:
    """Make a Struct or dataclass of its part of a table.

    `texts` lets "5" be a number, as values from the environment are. A path may be written as
    text, and so may a duration: "30s", "1h30m".

    Raises ConfigError with `where` (a file or variable) and the key's path, below `key`.
    """
    kind = msgspec.inspect.type_info(to)
    read = read_durations(dict(table), kind)
    try:
        return msgspec.convert(read, to, strict=not texts, dec_hook=_decode)
    except msgspec.ValidationError as error:
        below, problem = explain(str(error))
        if problem.startswith(_NO_CHOICE):
            problem = f"expected {choices(kind, below)}"
        raise ConfigError(where, _join(key, below), problem) from None


def fields_of(kind: type) -> frozenset[str]:
    """Return the keys that a Struct, dataclass or TypedDict may have in a table."""
    match msgspec.inspect.type_info(kind):
        case StructType() | DataclassType() | TypedDictType() as info:
            return frozenset(field.encode_name for field in info.fields)
        case _:
            raise TypeError(f"{kind.__name__} is no Struct, dataclass or TypedDict")


def _decode(kind: type, value: object) -> object:
    if kind is object:
        return value
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


def _join(*names: str) -> str:
    return ".".join(filter(None, names))
