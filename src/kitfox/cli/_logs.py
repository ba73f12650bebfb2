"""`kitfox logs`."""

import asyncio
import time

import click

from kitfox.cli._options import Where, address_option, json_option, where_options


@click.command()
@click.argument("service", required=False, default="")
@click.option("-f", "--follow", is_flag=True, help="Go on with each new entry, until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    metavar="N",
    help="The last N entries.",
)
@click.option("--level", default="TRACE", metavar="NAME", help="This level at least, as WARN.")
@click.option("--grep", default="", metavar="TEXT", help="Only with this text, in any case.")
@click.option("--since", metavar="WHEN", help="90s, 15m, 2h or 1d ago, or a date and time.")
@address_option
@where_options
@json_option
def logs(
    *,
    service: str,
    follow: bool,
    lines: int,
    level: str,
    grep: str,
    since: str | None,
    where: Where,
    as_json: bool,
) -> None:
    """Print the log of the system.

    With a SERVICE, as kitfox.toml names it, only its part. Oldest first.
    """
    from kitfox.cli._ask import within
    from kitfox.cli._log_reading import Reading, level_of
    from kitfox.cli._moment import moment
    from kitfox.services.logs import Filter

    wanted = Filter(
        service=service,
        level=level_of(level),
        text=grep,
        since=moment(since, time.time()) if since else 0.0,
    )
    reading = Reading(where, wanted, lines, as_json=as_json)
    if follow:
        asyncio.run(reading.follow())
    else:
        within(where.seconds, reading.last())
