"""`kitfox call`."""

import sys
from collections.abc import Sequence

import click

from kitfox.cli._options import Where, where_options


@click.command()
@click.argument("name", metavar="SERVICE.METHOD")
@click.argument("arguments", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("-d", "--data", metavar="JSON", help="The request as a JSON object; - reads stdin.")
@where_options
def call(name: str, arguments: Sequence[str], *, data: str | None, where: Where) -> None:
    """Call a method of a running service and print its reply as JSON.

    A value is read as the method's field wants it: id=7 is a number where a number is wanted.
    The replies of a stream are printed as they come, one on a line.
    """
    from kitfox.cli._ask import within
    from kitfox.cli._calling import call_and_print

    given = sys.stdin.read() if data == "-" else data
    within(where.timeout, call_and_print(name, arguments, given, where))
