"""`kitfox call`."""

import sys
from collections.abc import Sequence

import click

from kitfox.cli._options import Where, address_option, where_options


@click.command()
@click.argument("name", metavar="SERVICE.METHOD")
@click.argument("arguments", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("-d", "--data", metavar="JSON", help="The request as a JSON object; - reads stdin.")
@address_option
@where_options
def call(name: str, arguments: Sequence[str], *, data: str | None, where: Where) -> None:
    """Call a method of a running service.

    The reply is printed as JSON; those of a stream as they come, one on a line.

    A VALUE is read as the method's field wants it: id=7 is a number where a number is wanted.
    """
    from kitfox.cli._ask import within
    from kitfox.cli._calling import call_and_print

    given = sys.stdin.read() if data == "-" else data
    within(where.timeout, call_and_print(name, arguments, given, where))
