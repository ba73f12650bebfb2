"""What read commands print: a table for people, JSON for programs."""

import os
import sys
from collections.abc import Iterable, Sequence

import click


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
