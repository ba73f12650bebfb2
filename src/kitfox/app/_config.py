"""kitfox.toml: which services make up a system, and how each is run.

`load` is pure. A later source wins: default, file, `[profile.NAME]`, `KITFOX_…`, `--set`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from kitfox.app._config_check import checked
from kitfox.app._config_error import ConfigError, did_you_mean, why_unread
from kitfox.app._config_layers import (
    Layers,
    ReadSecret,
    Table,
    from_environ,
    from_flags,
    is_table,
    table_at,
)
from kitfox.app._config_schema import Config
from kitfox.app._config_values import Value, values

FILE_NAME = "kitfox.toml"


def find_config(start: Path) -> Path | None:
    """Return the nearest kitfox.toml, from a folder upwards."""
    candidates = (folder / FILE_NAME for folder in (start, *start.parents))
    return next((file for file in candidates if file.is_file()), None)


def read_config(
    file: Path, environ: Mapping[str, str], overrides: Mapping[str, str], profile: str | None = None
) -> Config:
    """Load a file; ConfigError when it cannot be read or is wrong."""
    return load(_text(file), environ, overrides, file, profile=profile)


def read_values(
    file: Path, environ: Mapping[str, str], overrides: Mapping[str, str], profile: str | None = None
) -> tuple[Value, ...]:
    """Return each value that a file loads with, and where it came from; as `read_config` does."""
    layers = _layers(_text(file), environ, overrides, file, profile, Path.read_text)
    return values(layers, checked(layers, file.absolute()))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ConfigError(str(file), "", f"cannot be read: {why_unread(error)}") from None


def load(
    text: str,
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    where: Path,
    *,
    profile: str | None = None,
    read_secret: ReadSecret = Path.read_text,
) -> Config:
    """Make a Config of a file's text and what overrides it; ConfigError says what is wrong."""
    layers = _layers(text, environ, overrides, where, profile, read_secret)
    return checked(layers, where.absolute())


def _layers(
    text: str,
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    where: Path,
    profile: str | None,
    read_secret: ReadSecret,
) -> Layers:
    tree = _parse(text, where)
    profiles = table_at(tree, "profile")
    tree.pop("profile", None)
    layers = Layers(tree, str(where))
    if chosen := profile or environ.get("KITFOX_PROFILE"):
        layers.lay(_profile(profiles, chosen, where), f"{where} [profile.{chosen}]")
    layers.lay_texts(from_environ(environ, tree, read_secret))
    layers.lay_texts(from_flags(overrides))
    return layers


def _parse(text: str, where: Path) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(where), "", f"is not valid TOML: {error}") from None


def _profile(profiles: Table, name: str, where: Path) -> Table:
    profile = profiles.get(name)
    if not is_table(profile):
        raise ConfigError(
            str(where), f"profile.{name}", "no such profile" + did_you_mean(name, profiles)
        )
    return profile
