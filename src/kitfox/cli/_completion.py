"""`kitfox completion`."""

import click

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    r"""Print the shell's script that completes kitfox's commands.

    \b
    bash, zsh:  eval "$(kitfox completion bash)"   in ~/.bashrc or ~/.zshrc
    fish:       kitfox completion fish > ~/.config/fish/completions/kitfox.fish
    """
    from click.shell_completion import get_completion_class

    if (made := get_completion_class(shell)) is None:
        raise click.UsageError(f"no completion for {shell}")
    root = click.get_current_context().find_root()
    click.echo(made(root.command, {}, "kitfox", "_KITFOX_COMPLETE").source())
