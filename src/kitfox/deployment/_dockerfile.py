"""A Dockerfile: an image with all services of a system, which runs as nobody. Pure.

The folder of the kitfox.toml is the context. What it asks for is installed as it says itself: by
its pyproject.toml, or else by its requirements.txt.
"""

import json
from collections.abc import Collection
from urllib.parse import urlsplit

import msgspec

from kitfox.deployment._deployment import STATE, Deployment
from kitfox.deployment._ports import ports
from kitfox.deployment._text import fill

_EXTRAS = {
    **dict.fromkeys(("ws", "wss"), "websocket"),
    **dict.fromkeys(("grpc", "grpcs"), "grpc"),
    **dict.fromkeys(("nats", "tls"), "nats"),
}


class Ground(msgspec.Struct, frozen=True):
    """What an image is made on: versions, and the names of the files in its folder."""

    python: str
    kitfox: str
    files: Collection[str] = ()


def image_files(asked: Deployment, ground: Ground) -> dict[str, str]:
    """Return the files by their names."""
    numbers = {port.number for name in asked.names for port in ports(asked.config.services[name])}
    exposed = " ".join(map(str, sorted(numbers)))
    text = fill(
        "Dockerfile",
        {
            "config": asked.config.file.name,
            "python": ground.python,
            "install": _install(_requirement(asked, ground.kitfox), ground.files),
            "state": STATE,
            "expose": [f"EXPOSE {exposed}"] if exposed else [],
            "command": json.dumps(_command(asked)),
        },
    )
    return {"Dockerfile": text, ".dockerignore": fill("dockerignore", {})}


def _requirement(asked: Deployment, version: str) -> str:
    urls = (url for name in asked.names for url in asked.config.services[name].listen)
    extras = {_EXTRAS.get(urlsplit(url).scheme, "fast") for url in urls} | {"fast"}
    return f"'kitfox[{','.join(sorted(extras))}]=={version}'"


def _install(kitfox: str, files: Collection[str]) -> list[str]:
    pip = "RUN /opt/venv/bin/pip install"
    if "pyproject.toml" in files:
        return ["COPY . .", f"{pip} {kitfox} ."]
    if "requirements.txt" in files:
        return ["COPY requirements.txt .", f"{pip} {kitfox} -r requirements.txt"]
    return [f"{pip} {kitfox}"]


def _command(asked: Deployment) -> list[str]:
    """Run the only service, or else all of them: what starts the image may say which."""
    if len(asked.names) == 1:
        return asked.in_container(asked.names[0])
    whole = asked.in_container("")
    return [*whole[:-1], "--all"]
