"""systemd: a unit for each service, its sockets beside it, and a target for all. Pure.

systemd.service(5), systemd.socket(5), systemd.exec(5); nothing in it is younger than systemd 249.
"""

from math import ceil
from pathlib import Path
from urllib.parse import urlsplit

from kitfox.app import Opened, ServiceConfig, address_in, how_opened, listeners_at
from kitfox.deployment._deployment import (
    Deployment,
    before,
    grace,
    is_in_a_home,
    ready_within,
    shows_token,
)
from kitfox.deployment._text import fill


def systemd_units(asked: Deployment, program: Path) -> dict[str, str]:
    """Return the files by their names; `program` is where `kitfox` is installed."""
    found = {f"{asked.system}.target": fill("target.unit", {"system": asked.system})}
    for name in asked.names:
        unit = f"{asked.system}-{name}"
        listen = _listen(asked.config.services[name])
        found[f"{unit}.service"] = _service(asked, name, program, has_socket=bool(listen))
        if listen:
            values = {"system": asked.system, "service": name}
            lines = [f"ListenStream={address}" for address in listen.values()]
            named = _named(name, list(listen))
            found[f"{unit}.socket"] = fill(
                "socket.unit", {**values, "listen": lines, "name": named}
            )
    return found


def _service(asked: Deployment, name: str, program: Path, *, has_socket: bool) -> str:
    file = asked.config.file
    words = [str(program), *asked.arguments(name, str(file))]
    socket, system = f"{asked.system}-{name}.socket", asked.system
    return fill(
        "service.unit",
        {
            "service": name,
            "system": system,
            "after": " ".join(f"{system}-{each}.service" for each in before(asked, name)),
            "requires": [f"Requires={socket}", f"After={socket}"] if has_socket else [],
            "command": " ".join(map(_word, words)),
            "environment": _environment(asked, name),
            "credential": _credential(asked),
            "start": ready_within(asked, name),
            "grace": grace(asked, name),
            "silence": str(ceil(asked.group(name).silence)),
            "home": "read-only" if is_in_a_home(program, file) else "yes",
        },
    )


def _listen(service: ServiceConfig) -> dict[str, str]:
    """Return the addresses that systemd can listen at, by their URLs."""
    return {
        url: address_in(url).removeprefix("unix:").replace("localhost:", "127.0.0.1:")
        for url in listeners_at(service.listen)
        if how_opened(url) is Opened.HANDED_OVER and not address_in(url).endswith(":0")
    }


def _named(name: str, urls: list[str]) -> list[str]:
    """Name a socket that is alone by its wire; of several, the addresses tell which is which."""
    return [f"FileDescriptorName={name}.{urlsplit(urls[0]).scheme}"] if len(urls) == 1 else []


def _environment(asked: Deployment, name: str) -> list[str]:
    """Name a file for the variables of a service: their values may be secrets, units are not."""
    names = ", ".join(sorted(asked.config.services[name].environment))
    file = f"/etc/{asked.system}/{name}.env"
    return [f"# Sets {names}.", f"EnvironmentFile={file}"] if names else []


def _credential(asked: Deployment) -> list[str]:
    if not shows_token(asked.config):
        return []
    token = f"/etc/{asked.system}/token"
    return [f"LoadCredential=token:{token}", "Environment=KITFOX_SYSTEM__TOKEN_FILE=%d/token"]


def _word(text: str) -> str:
    """Return a word of a command as systemd reads it."""
    plain = text.replace("%", "%%").replace("$", "$$")
    if not any(letter in plain for letter in " \t\"'\\;"):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
