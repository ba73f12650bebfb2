"""`kitfox breaker`: what refuses calls that would fail anyway, seen and switched from outside."""

from collections.abc import Mapping

import click

from kitfox.cli._exit import Failed
from kitfox.cli._group import Group
from kitfox.cli._options import Command, Where, address_option, json_option, where_options
from kitfox.cli._output import print_json, print_table

_HEAD = ("instance", "breaker", "state", "held", "good", "faults", "refused")
_DOES = {
    "open": "lets no call pass until it is reset",
    "close": "lets every call pass until it is reset",
    "reset": "decides by itself again",
}


@click.group(cls=Group)
def breaker() -> None:
    """See and switch what refuses calls that would fail anyway.

    Callers have breakers: each process one for every service that it calls, by that service's
    name, and others where its policies say so (service/Method, service/instance).
    """


@breaker.command("list")
@click.argument("caller", required=False, default="", metavar="[SERVICE|INSTANCE]")
@address_option
@where_options
@json_option
def list_(caller: str, *, where: Where, as_json: bool) -> None:
    """List the breakers of running processes.

    Those of a SERVICE are what its instances call through. A breaker is shown as of its last call,
    with the calls of its window (10 s, unless it is configured otherwise).
    """
    from msgspec.structs import asdict

    from kitfox.cli._ask import within
    from kitfox.cli._controls import breakers

    given, failed = within(where.seconds, breakers(caller, where))
    _name(failed)
    found = [(instance, one) for instance in sorted(given) for one in given[instance]]
    if as_json:
        print_json([{"instance": instance, **asdict(one)} for instance, one in found])
        return
    rows = [
        (
            *(instance, one.name, one.state.value.replace("_", "-")),
            "by hand" if one.held else "-",
            *map(str, (one.good, one.faults, one.refused)),
        )
        for instance, one in found
    ]
    print_table(_HEAD, rows)


def _switch_options(command: Command[None]) -> Command[None]:
    """Add which breaker is meant, where it is, and how it is found."""
    for option in (
        where_options,
        address_option,
        click.option(
            "--at",
            default="",
            metavar="INSTANCE",
            help="Only there, or at one service's instances.",
        ),
        click.argument("name", metavar="BREAKER"),
    ):
        command = option(command)
    return command


@breaker.command("open")
@_switch_options
def open_(name: str, *, at: str, where: Where) -> None:
    """Let no call pass, until the breaker is reset.

    That is so wherever there is one of that name. Calls that run are not ended.
    """
    _switch(name, "open", at, where)


@breaker.command("close")
@_switch_options
def close(name: str, *, at: str, where: Where) -> None:
    """Let every call pass, however they end, until it is reset."""
    _switch(name, "close", at, where)


@breaker.command("reset")
@_switch_options
def reset(name: str, *, at: str, where: Where) -> None:
    """Let it decide by itself again, with a clean slate."""
    _switch(name, "reset", at, where)


def _switch(name: str, verb: str, at: str, where: Where) -> None:
    from kitfox.cli._ask import within
    from kitfox.cli._controls import switched

    full, (done, failed), silent = within(where.seconds, switched(name, verb, at, where))
    _name({**silent, **failed})
    click.echo(f"{full} {_DOES[verb]}: {_counted(len(done))}")
    if failed:
        raise Failed(f"{_counted(len(failed))} of those that have it did not answer")


def _counted(number: int) -> str:
    return f"{number} instance{'' if number == 1 else 's'}"


def _name(failed: Mapping[str, Failed]) -> None:
    """Name on stderr who did not answer, and why."""
    for instance in sorted(failed):
        click.echo(f"{instance}: {failed[instance]}", err=True)
