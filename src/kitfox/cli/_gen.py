"""`kitfox gen`."""

from collections.abc import Mapping
from pathlib import Path

import click

from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import config_file


def _command(kind: str, what: str) -> click.Command:
    """Make the command that writes files of one kind."""

    @click.command(kind, help=what)
    @click.option("--force", is_flag=True, help="Write over files that are there.")
    @click.option(
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Write the files there, and print none.",
    )
    @click.option("--image", default="", metavar="NAME", help="The image; else that of the system.")
    @click.option("--profile", metavar="NAME", help="Lay [profile.NAME] over the file.")
    @click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The kitfox.toml; else the nearest upwards.",
    )
    @click.argument("service", required=False, default="")
    def command(
        service: str,
        *,
        config: Path | None,
        profile: str | None,
        image: str,
        output: Path | None,
        force: bool,
    ) -> None:
        from kitfox.cli._generating import generate

        files = generate(kind, config_file(config), service, profile, image)
        _deliver(files, output, force=force)

    return command


@click.group(
    commands=[
        _command(
            "systemd",
            "Units: hardened services with a watchdog, their sockets, and a target for all.",
        ),
        _command("k8s", "Manifests: Deployments with probes, Services, PodDisruptionBudgets."),
        _command(
            "compose",
            "A compose.yaml with healthchecks; `docker compose up` starts in the order of needs.",
        ),
        _command(
            "dockerfile",
            "A Dockerfile for an image with all services in it, and its .dockerignore.",
        ),
    ]
)
def gen() -> None:
    """Write files for systemd, Kubernetes or Docker.

    They are made of the kitfox.toml, of all its services or the SERVICE named; what stands in the
    environment and in secrets is not in them. Printed, unless --output says in which folder they
    are to be.
    """


def _deliver(files: Mapping[str, str], folder: Path | None, *, force: bool) -> None:
    if folder is None:
        for number, (name, text) in enumerate(files.items()):
            head = f"# {name}\n" if len(files) > 1 else ""
            click.echo(("\n" if number else "") + head + text, nl=False)
        return
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise Failed(f"{folder} has {', '.join(there)} already; --force writes over", Exit.USAGE)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"{folder / name}")
