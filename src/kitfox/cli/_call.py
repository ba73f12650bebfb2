"""`kitfox call`."""

import asyncio
from collections.abc import Sequence

import click

from kitfox.cli._options import Where, address_option, json_option, where_options


@click.command()
@click.argument("name", metavar="SERVICE.METHOD")
@click.argument("arguments", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option(
    "-d", "--data", metavar="JSON", help="The request as a JSON object; - reads it from stdin."
)
@address_option
@where_options
@json_option
def call(
    name: str, arguments: Sequence[str], *, data: str | None, where: Where, as_json: bool
) -> None:
    """Call a method of a running service.

    The reply is printed as JSON, but a text as it is; those of a stream as they come, one on a
    line. With --json a text is JSON as well, and a reply of nothing is null.

    A VALUE is read as the method's field wants it: id=7 is a number where a number is wanted. A
    method that takes a stream of requests is given each line of stdin as one, in JSON, as soon as
    it is there; with FIELDs or -d it is given that one.

    A stream goes on until it ends, or Ctrl-C; --timeout limits it like other calls.
    """
    from kitfox.cli._calling import call_and_print

    asyncio.run(call_and_print(name, arguments, data, where, as_json=as_json))
