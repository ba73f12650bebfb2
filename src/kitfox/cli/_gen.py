"""`kitfox gen`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from kitfox.cli._exit import Exit, Failed
from kitfox.cli._gen_facts import Asked
from kitfox.cli._options import config_file

Files = Mapping[str, str]


@click.group()
def gen() -> None:
    """Write files for systemd, Kubernetes or Docker.

    They are made of the kitfox.toml, of all its services or the SERVICE named; what stands in the
    environment and in secrets is not in them. Printed, unless --output says in which folder they
    are to be.
    """


def _kind(make: Callable[[Asked], Files]) -> Callable[[Asked], Files]:
    """Make a command of what makes files."""

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
        _deliver(make(_asked(service, config, profile, image)), output, force=force)

    gen.command(make.__name__, help=make.__doc__)(command)
    return make


@_kind
def systemd(asked: Asked) -> Files:
    """Units: hardened services with a watchdog, their sockets, and a target for all."""
    from kitfox.cli._gen_systemd import units

    return units(asked, Path(sys.executable).with_name("kitfox"))


@_kind
def k8s(asked: Asked) -> Files:
    """Manifests: Deployments with probes, Services, PodDisruptionBudgets."""
    from kitfox.cli._gen_kubernetes import manifests

    return manifests(asked)


@_kind
def compose(asked: Asked) -> Files:
    """A compose.yaml with healthchecks; `docker compose up` starts in the order of needs."""
    from kitfox.cli._gen_compose import compose_file

    return compose_file(asked)


@_kind
def dockerfile(asked: Asked) -> Files:
    """A Dockerfile for an image with all services in it, and its .dockerignore."""
    from importlib.metadata import version

    from kitfox.cli._gen_dockerfile import Ground, image

    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    files = [each.name for each in asked.config.file.parent.iterdir()]
    return image(asked, Ground(python, version("kitfox"), files))


def _asked(service: str, config: Path | None, profile: str | None, image: str) -> Asked:
    """Read the file; what only this shell's environment says is no part of it."""
    from kitfox.app import did_you_mean, read_config

    found = read_config(config_file(config).absolute(), {}, {}, profile)
    names = tuple(found.services)
    if service and service not in names:
        problem = did_you_mean(service, names)
        raise Failed(f'{found.file}: no service "{service}"{problem}', Exit.NOT_FOUND)
    if not names:
        raise Failed(f"{found.file}: there is no [service.NAME]", Exit.USAGE)
    asked = Asked(found, (service,) if service else names, profile)
    return Asked(found, asked.names, profile, image or f"{asked.system}:latest")


def _deliver(files: Files, folder: Path | None, *, force: bool) -> None:
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
