"""`kitfox completion`."""

import click

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print a shell's completion script.

    In bash or zsh, put eval "$(kitfox completion bash)" into ~/.bashrc or ~/.zshrc. In fish, write
    the script to ~/.config/fish/completions/kitfox.fish.
    """
    from click.shell_completion import get_completion_class

    if (made := get_completion_class(shell)) is None:
        raise click.UsageError(f"no completion for {shell}")
    root = click.get_current_context().find_root()
    click.echo(made(root.command, {}, "kitfox", "_KITFOX_COMPLETE").source())
