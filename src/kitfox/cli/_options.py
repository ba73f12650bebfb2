"""Options that several commands share."""

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import click

from kitfox.cli._exit import Exit, Failed

R = TypeVar("R")
Command = Callable[..., R]

_PATIENCE = 5.0
_URL = re.compile(r"[a-z][a-z+]*://\S+")


class Where(NamedTuple):
    """Which system a command looks into, and how long that may take, in seconds."""

    registry: str | None
    address: str | None
    timeout: float | None

    @property
    def seconds(self) -> float:
        """The time for what is not endless by its nature."""
        return _PATIENCE if self.timeout is None else self.timeout


def _overrides(
    _ctx: click.Context, _option: click.Parameter, pairs: Sequence[str]
) -> dict[str, str]:
    """Take `section.key=value`s apart, each at its first `=`."""
    split = [pair.partition("=") for pair in pairs]
    for key, equals, _ in split:
        if not (key and equals):
            raise click.BadParameter(f'expected KEY=VALUE, got "{key}{equals}"')
    return {key: value for key, _, value in split}


def _url(_ctx: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Check that a text is a URL that somebody can be asked at."""
    if text is None or _URL.fullmatch(text):
        return text
    raise click.BadParameter(f'expected a URL such as http://127.0.0.1:8080, got "{text}"')


def overrides_option(command: Command[R]) -> Command[R]:
    """Add --set, passed as `overrides`."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        callback=_overrides,
        help="Override a key of the file, as system.name=school.",
    )(command)


def config_options(command: Command[R]) -> Command[R]:
    """Add --config, --profile and --set, passed as `config`, `profile` and `overrides`."""
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        overrides_option,
        click.option("--profile", metavar="NAME", help="Lay [profile.NAME] over the file."),
        click.option(
            "--config", type=file, metavar="FILE", help="The kitfox.toml; else the nearest upwards."
        ),
    ):
        command = option(command)
    return command


def where_options(command: Command[R]) -> Command[R]:
    """Add --registry and --timeout, passed as `where`."""

    @functools.wraps(command)
    def with_where(
        *args: object,
        registry: str | None,
        timeout: float | None,
        address: str | None = None,
        **kwargs: object,
    ) -> R:
        return command(*args, where=Where(registry, address, timeout), **kwargs)

    seconds = click.FloatRange(min=0, min_open=True)
    for option in (
        click.option(
            "--timeout",
            type=seconds,
            metavar="SECONDS",
            help=f"How long it may take.  [default: {_PATIENCE}]",
        ),
        click.option(
            "--registry",
            metavar="URL",
            callback=_url,
            help="The registry; else KITFOX_SYSTEM__REGISTRY or the nearest kitfox.toml's.",
        ),
    ):
        with_where = option(with_where)
    return with_where


def address_option(command: Command[R]) -> Command[R]:
    """Add --address to the options of `where_options`; stands above it."""
    words = "Ask the server there, not the registry."
    return click.option("--address", metavar="URL", callback=_url, help=words)(command)


def json_option(command: Command[R]) -> Command[R]:
    """Add --json, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def config_file(given: Path | None) -> Path:
    """Return the configuration to use: the one named, or the nearest upwards."""
    from kitfox.app import find_config

    if found := given or find_config(Path.cwd()):
        return found
    raise Failed("no kitfox.toml here or above; name one with --config FILE", Exit.USAGE)
