"""`kitfox schema`."""

import asyncio

import click

from kitfox.cli._exit import Exit
from kitfox.cli._options import Where, address_option, json_option, where_options
from kitfox.cli._output import print_json, print_table


@click.group()
def schema() -> None:
    """Write down what a service offers, or tell what has changed.

    A SOURCE is code (module:Service), a file that `export` has written (ends in .json, or has a /
    in it; - is stdin), or the name of a service that runs.
    """


@schema.command()
@click.argument("source")
@click.option("--json-schema", "form", flag_value="json-schema", help="As `diff` reads it.")
@click.option("--openapi", "form", flag_value="openapi", help="OpenAPI 3.1, for HTTP.")
@click.option("--asyncapi", "form", flag_value="asyncapi", help="AsyncAPI 3.0, for brokers.")
@click.option("--proto", "form", flag_value="proto", help="A .proto, for gRPC; of code only.")
@address_option
@where_options
def export(source: str, *, form: str | None, where: Where) -> None:
    """Print what a service offers.

    As JSON Schema, unless told otherwise. What a SOURCE may be, `kitfox schema --help` tells.
    """
    from kitfox.cli._documents import written
    from kitfox.cli._source import source_of

    async def text() -> str:
        return await written(await source_of(source, where), form or "json-schema")

    click.echo(asyncio.run(text()), nl=False)


@schema.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@address_option
@where_options
@json_option
def diff(old: str, new: str, *, where: Where, as_json: bool) -> None:
    """Tell what has changed, and whether it breaks.

    OLD and NEW are SOURCEs: what those may be, `kitfox schema --help` tells. The exit code is 1
    when something breaks who knows the old one, and 0 when all fits.
    """
    from kitfox.cli._source import changes_between

    changes = asyncio.run(changes_between(old, new, where))
    if as_json:
        print_json([change._asdict() for change in changes])
    elif changes:
        rows = [("BREAKS" if each.breaking else "fits", each.where, each.what) for each in changes]
        print_table(("", "where", "what"), rows)
    else:
        click.echo("nothing has changed")
    if any(change.breaking for change in changes):
        raise SystemExit(Exit.FAILED)
