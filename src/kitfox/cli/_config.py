"""`kitfox config`."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from kitfox.cli._options import config_file, config_options, json_option
from kitfox.cli._output import print_json, print_table


@click.group()
def config() -> None:
    """Look at a system's configuration."""


@config.command()
@click.option("--origin", is_flag=True, help="Say of each value where it came from.")
@config_options
@json_option
def show(
    *,
    origin: bool,
    as_json: bool,
    config: Path | None,
    profile: str | None,
    overrides: Mapping[str, str],
) -> None:
    """Print every value that `kitfox up` would use, the defaults too.

    What looks like a secret, and what services have in their environment, is not shown.
    """
    import msgspec

    from kitfox.app import read_values

    found = read_values(config_file(config), os.environ, overrides, profile)
    if as_json:
        print_json([one._asdict() for one in found])
        return
    rows = [(one.key, msgspec.json.encode(one.value).decode(), one.origin) for one in found]
    if origin:
        print_table(("key", "value", "origin"), rows)
    else:
        print_table(("key", "value"), [row[:2] for row in rows])
