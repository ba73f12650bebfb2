"""Kubernetes: for each service a Deployment, a Service and a PodDisruptionBudget. Pure.

What a service keeps outlives its pod where no two of its processes may run at once: such a one has
files that are its own.
"""

from collections.abc import Mapping

from kitfox.deployment._deployment import (
    STATE,
    TOKEN,
    Deployment,
    environment,
    grace,
    label,
    ready_within,
)
from kitfox.deployment._ports import EVERYWHERE, Port, ports, probes_port
from kitfox.deployment._text import below, fill, listed, quoted, word

_SECRET = "kitfox-token"  # noqa: S105 - its name
_TOKEN_MOUNT = f"""- name: token
  mountPath: {TOKEN}
  subPath: token
  readOnly: true"""
_TOKEN_VOLUME = f"""- name: token
  secret:
    secretName: {_SECRET}"""


def kubernetes_manifests(asked: Deployment) -> dict[str, str]:
    """Return the files by their names."""
    return {f"{label(name)}.yaml": _manifest(asked, name) for name in asked.names}


def _manifest(asked: Deployment, name: str) -> str:
    service = asked.config.services[name]
    values = {"name": word(label(name)), "system": word(asked.system)}
    claim = f"{label(name)}-state"
    served, keeps = ports(service), not asked.group(name).may_overlap
    text = fill(
        "k8s.yaml",
        {
            **values,
            "replicas": "1" if keeps else str(service.replicas),
            "strategy": _strategy(keeps=keeps),
            "image": quoted(asked.image),
            "args": listed(asked.in_container(name)),
            "env": _env(environment(asked, name, probed_from=EVERYWHERE)),
            "env_from": _env_from(label(name), service.environment),
            "ports": below("ports", _container_ports(served, probes_port(service))),
            "probes": _probes(ready_within(asked, name)),
            "grace": grace(asked, name),
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


def _container_ports(served: tuple[Port, ...], probes: int) -> list[str]:
    named = [*((port.name, port.number) for port in served), ("probes", probes)]
    return [
        line for name, number in named for line in (f"- name: {name}", f"  containerPort: {number}")
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


def _probes(start: str) -> list[str]:
    return [
        *_probe("startupProbe", "/startupz", every=1, failures=start),
        *_probe("livenessProbe", "/livez", every=10, failures="3"),
        *_probe("readinessProbe", "/readyz", every=2, failures="1"),
    ]


def _probe(key: str, path: str, *, every: int, failures: str) -> list[str]:
    asks = below("httpGet", [f"path: {path}", "port: probes"])
    times = [f"periodSeconds: {every}", "timeoutSeconds: 3", f"failureThreshold: {failures}"]
    return below(key, [*asks, *times])


def _volume(claim: str, *, keeps: bool) -> list[str]:
    if keeps:
        return below("persistentVolumeClaim", [f"claimName: {claim}"])
    return ["emptyDir: {}"]
