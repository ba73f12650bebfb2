"""`kitfox version`."""

import platform

import click

from kitfox.cli._options import json_option
from kitfox.cli._output import print_json


@click.command()
@json_option
def version(*, as_json: bool) -> None:
    """Print the version of kitfox and of Python."""
    from importlib.metadata import version as version_of

    facts = {"kitfox": version_of("kitfox"), "python": platform.python_version()}
    if as_json:
        print_json(facts)
    else:
        click.echo(f"kitfox {facts['kitfox']} (Python {facts['python']})")
