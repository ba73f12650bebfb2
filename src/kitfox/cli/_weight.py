"""`kitfox drain`, `kitfox undrain`, `kitfox weight`: what share of the calls an instance gets."""

import click

from kitfox.cli._options import Where, where_options

_HEAVIEST = 1_000_000


@click.command()
@click.argument("instance")
@where_options
def drain(instance: str, *, where: Where) -> None:
    """Give an instance no new calls; those it has end as they would.

    It stays registered, and is told nothing. Its id is what `kitfox instances` shows.
    """
    _weigh(instance, 0, where)
    click.echo(f"{instance} gets no new calls")


@click.command()
@click.argument("instance")
@where_options
def undrain(instance: str, *, where: Where) -> None:
    """Give an instance the weight that it says itself."""
    _weigh(instance, None, where)
    click.echo(f"{instance} has its own weight")


@click.command()
@click.argument("instance")
@click.argument("weight", type=click.IntRange(0, _HEAVIEST))
@where_options
def weight(instance: str, weight: int, *, where: Where) -> None:
    """Give an instance so many times the calls of one with weight 1.

    That holds for as long as it is registered, or until `kitfox undrain`.
    """
    _weigh(instance, weight, where)
    click.echo(f"{instance} has the weight {weight}")


def _weigh(instance: str, weight: int | None, where: Where) -> None:
    from kitfox.cli._ask import ask

    ask(where, lambda known: known.weigh(instance, weight))
