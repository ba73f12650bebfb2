"""`kitfox describe`."""

import click

from kitfox.cli._options import Where, address_option, json_option, where_options
from kitfox.cli._output import print_json


@click.command()
@click.argument("name", metavar="SERVICE[.METHOD]")
@address_option
@where_options
@json_option
def describe(name: str, *, where: Where, as_json: bool) -> None:
    """Show the methods of a running service.

    With a METHOD, show all about it and the types it speaks of.
    """
    from kitfox.cli._ask import within
    from kitfox.cli._look import look
    from kitfox.cli._signature import method_lines, service_lines

    found = within(where.seconds, look(name, where))
    if as_json:
        methods = [found.one_method] if found.method else found.methods
        print_json({"methods": methods, "types": found.description.types})
    elif found.method:
        click.echo("\n".join(method_lines(found.one_method, found.description.types)))
    else:
        click.echo(f"{found.service} at {' '.join(found.addresses)}\n")
        click.echo("\n".join(service_lines(found.methods)) or "  It has no methods.")
