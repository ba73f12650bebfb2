"""`kitfox instances`."""

import click

from kitfox.cli._options import Where, json_option, where_options
from kitfox.cli._output import print_json, print_table


@click.command()
@click.argument("name")
@where_options
@json_option
def instances(name: str, *, where: Where, as_json: bool) -> None:
    """List the running instances of a service.

    The last part of its name will do, when no other service has it.
    """
    from kitfox.cli._ask import ask

    found = ask(where, lambda known: known.instances(name))
    if as_json:
        print_json(found)
    else:
        rows = [
            (one.id, one.version or "-", str(one.weight or "drained"), " ".join(one.addresses))
            for one in found
        ]
        print_table(("instance", "version", "weight", "addresses"), rows)
