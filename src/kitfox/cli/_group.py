"""The group of all commands: what goes wrong in one of them leaves as words and an exit code."""

from typing import Any

import click

from kitfox.cli._exit import Exit, explained


class Group(click.Group):
    """Commands in the order they were added; errors by the table of `_exit`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a newcomer's day, not of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            ctx.exit(Exit.INTERRUPTED)
        except Exception as error:
            if (failed := explained(error)) is None:
                raise
            click.echo(f"Error: {failed}", err=True)
            ctx.exit(failed.code)
