"""`kitfox gen k8s`: for each service a Deployment, a Service and a PodDisruptionBudget. Pure.

What a service keeps outlives its pod where no two of its processes may run at once: such a one has
files that are its own.
"""

from collections.abc import Mapping

from kitfox.app import may_overlap
from kitfox.cli._gen_facts import STATE, TOKEN, Asked, Port, environment, label, ports, web_port
from kitfox.cli._gen_text import below, fill, listed, quoted, word

_SECRET = "kitfox-token"  # noqa: S105 - its name
_TOKEN_MOUNT = f"""- name: token
  mountPath: {TOKEN}
  subPath: token
  readOnly: true"""
_TOKEN_VOLUME = f"""- name: token
  secret:
    secretName: {_SECRET}"""
_LIVE = ["periodSeconds: 10", "timeoutSeconds: 3", "failureThreshold: 3"]
_READY = ["periodSeconds: 2", "timeoutSeconds: 3", "failureThreshold: 1"]
_STARTED = ["periodSeconds: 1", "timeoutSeconds: 3", "failureThreshold: 60"]


def manifests(asked: Asked) -> dict[str, str]:
    """Return the files by their names."""
    return {f"{label(name)}.yaml": _manifest(asked, name) for name in asked.names}


def _manifest(asked: Asked, name: str) -> str:
    service, system = asked.config.services[name], asked.config.system
    values = {"name": word(label(name)), "system": word(asked.system)}
    claim = f"{label(name)}-state"
    served, keeps = ports(service), not may_overlap({name: service}, system)
    text = fill(
        "k8s.yaml",
        {
            **values,
            "replicas": "1" if keeps else str(service.replicas),
            "strategy": _strategy(keeps=keeps),
            "image": quoted(asked.image),
            "args": listed(asked.in_container(name)),
            "env": _env(environment(asked, name)),
            "env_from": _env_from(label(name), service.environment),
            "ports": below("ports", _container_ports(served)),
            "probes": _probes(web_port(service), served),
            "state": STATE,
            "token_mount": _TOKEN_MOUNT,
            "state_volume": _volume(claim, keeps=keeps),
            "token_volume": _TOKEN_VOLUME,
        },
    )
    if keeps:
        text += fill("k8s-state.yaml", {**values, "claim": claim})
    if served:
        text += fill("k8s-service.yaml", {**values, "ports": _service_ports(served)})
    return text


def _strategy(*, keeps: bool) -> list[str]:
    if keeps:
        return ["# Two processes of it may not run at once.", "type: Recreate"]
    return ["type: RollingUpdate", *below("rollingUpdate", ["maxSurge: 1", "maxUnavailable: 0"])]


def _env(variables: Mapping[str, str]) -> list[str]:
    return [
        line
        for key, value in variables.items()
        for line in (f"- name: {key}", f"  value: {quoted(value)}")
    ]


def _env_from(name: str, variables: Mapping[str, str]) -> list[str]:
    """Name a secret for the variables of a service: their values may be secrets."""
    if not variables:
        return []
    ref = ["- secretRef:", f"    name: {name}-environment"]
    return [f"# Sets {', '.join(sorted(variables))}.", *below("envFrom", ref)]


def _container_ports(served: tuple[Port, ...]) -> list[str]:
    return [
        line
        for port in served
        for line in (f"- name: {port.name}", f"  containerPort: {port.number}")
    ]


def _service_ports(served: tuple[Port, ...]) -> list[str]:
    return [
        line
        for port in served
        for line in (
            f"- name: {port.name}",
            f"  port: {port.number}",
            f"  targetPort: {port.name}",
        )
    ]


def _probes(web: Port | None, served: tuple[Port, ...]) -> list[str]:
    """Ask the probes where they are answered; else see whether anybody listens."""
    if not served:
        return []
    kinds = (
        ("startupProbe", "/startupz", _STARTED),
        ("livenessProbe", "/livez", _LIVE),
        ("readinessProbe", "/readyz", _READY),
    )
    return [
        line
        for key, path, times in kinds
        for line in below(key, [*_asked_at(web, served[0], path), *times])
    ]


def _asked_at(web: Port | None, first: Port, path: str) -> list[str]:
    if web is None:
        return below("tcpSocket", [f"port: {first.name}"])
    tls = ["scheme: HTTPS"] if web.scheme == "https" else []
    return below("httpGet", [f"path: {path}", f"port: {web.name}", *tls])


def _volume(claim: str, *, keeps: bool) -> list[str]:
    if keeps:
        return below("persistentVolumeClaim", [f"claimName: {claim}"])
    return ["emptyDir: {}"]
