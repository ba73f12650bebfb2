"""Docker Compose: all services in containers of one image. Pure.

https://github.com/compose-spec/compose-spec
"""

from collections.abc import Mapping

from kitfox.deployment._deployment import (
    STATE,
    TOKEN,
    Deployment,
    before,
    environment,
    grace,
    label,
    ready_within,
)
from kitfox.deployment._ports import Port, ports, probes_port
from kitfox.deployment._text import below, fill, listed, quoted, word

_SECRET = TOKEN.rpartition("/")[2]
_HERE = "127.0.0.1"
_ASK = "import urllib.request as r; r.urlopen('http://{}:{}/readyz', timeout=3)"


def compose_file(asked: Deployment) -> dict[str, str]:
    """Return the file by its name."""
    services = [line for name in asked.names for line in _service(asked, name).splitlines()]
    values = {
        "about_token": "# The token of the system is KITFOX_TOKEN, in the environment or in .env.",
        "system": word(asked.system),
        "image": quoted(asked.image),
        "use_token": below("secrets", [f"- {_SECRET}"]),
        "services": services,
        "volumes": [f"{label(name)}-state:" for name in asked.names],
        "secrets": ["", *below("secrets", below(_SECRET, ["environment: KITFOX_TOKEN"]))],
    }
    return {"compose.yaml": fill("compose.yaml", values)}


def _service(asked: Deployment, name: str) -> str:
    service = asked.config.services[name]
    first = [each for each in before(asked, name) if each in asked.names]
    return fill(
        "compose-service.yaml",
        {
            "name": word(label(name)),
            "volume": f"{label(name)}-state",
            "args": listed(map(_plain, asked.in_container(name))),
            "environment": _variables(environment(asked, name, probed_from=_HERE)),
            "env_file": _env_file(name, service.environment),
            "depends_on": below("depends_on", [line for each in first for line in _healthy(each)]),
            "ports": _published(ports(service), is_open=service.open),
            "grace": grace(asked, name),
            "healthcheck": _healthcheck(probes_port(service), ready_within(asked, name)),
            "state": STATE,
        },
    )


def _variables(variables: Mapping[str, str]) -> list[str]:
    return [f"{key}: {quoted(_plain(value))}" for key, value in variables.items()]


def _plain(text: str) -> str:
    """Return a text in which nothing is a variable."""
    return text.replace("$", "$$")


def _env_file(name: str, variables: Mapping[str, str]) -> list[str]:
    """Name a file for the variables of a service: their values may be secrets."""
    if not variables:
        return []
    names = ", ".join(sorted(variables))
    return [f"# Sets {names}.", *below("env_file", [f"- {name}.env"])]


def _healthy(name: str) -> list[str]:
    return below(word(label(name)), ["condition: service_healthy"])


def _published(served: tuple[Port, ...], *, is_open: bool) -> list[str]:
    """Let this machine reach what is for a browser, and nobody the rest."""
    if is_open:
        return below("ports", listed(f"127.0.0.1:{port.number}:{port.number}" for port in served))
    return below("expose", listed(str(port.number) for port in served))


def _healthcheck(port: int, start: str) -> list[str]:
    test = below("test", listed(["CMD", "python", "-c", _ASK.format(_HERE, port)]))
    times = ["interval: 10s", "timeout: 5s", "retries: 3"]
    beginning = [f"start_period: {start}s", "start_interval: 1s"]
    return below("healthcheck", [*test, *times, *beginning])
