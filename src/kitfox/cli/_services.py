"""`kitfox services`."""

import click

from kitfox.cli._options import Where, json_option, where_options
from kitfox.cli._output import print_json, print_table


@click.command()
@where_options
@json_option
def services(*, where: Where, as_json: bool) -> None:
    """List the services that the registry knows."""
    from kitfox.cli._ask import ask

    found = ask(where, lambda known: known.services())
    if as_json:
        print_json(found)
    else:
        print_table(("service", "instances"), [(one.name, str(one.instances)) for one in found])
