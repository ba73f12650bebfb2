"""What read commands print: a table for people, JSON for programs."""

import os
import re
import sys
from collections.abc import Iterable, Sequence

import click

# What a terminal obeys: colours (kept where colours are shown), and all else (never shown).
_CONTROL = re.compile(
    r"(\x1b\[[\d;]*m)|\x1b\[[\x20-\x3f]*[\x40-\x7e]|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def shows_colour() -> bool:
    """Tell whether stdout is a terminal that wants colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_json_line(value: object) -> None:
    """Print a value as one line of JSON: one of many."""
    import msgspec

    click.echo(msgspec.json.encode(value).decode())


def print_text(text: str) -> None:
    """Print what somebody else wrote: on a terminal, without what would move its cursor."""
    click.echo(harmless(text) if sys.stdout.isatty() else text)


def harmless(text: str, *, colour: bool = False) -> str:
    """Return the text without what a terminal obeys, except colours where they are wanted."""
    if not colour:
        return _CONTROL.sub("", text)
    shown = _CONTROL.sub(lambda found: found[1] or "", text)
    return f"{shown}\x1b[0m" if "\x1b" in shown else shown


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Align rows of cells; the last cell of a row may be as long as it likes."""
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their headings."""
    for line in columns([head, *rows]):
        click.echo(line)
