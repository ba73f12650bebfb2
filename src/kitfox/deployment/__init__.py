"""The files by which systemd, Kubernetes and Docker run the services of a configuration."""

from kitfox.deployment._compose import compose_file as compose_file
from kitfox.deployment._deployment import Deployment as Deployment
from kitfox.deployment._dockerfile import Ground as Ground, image_files as image_files
from kitfox.deployment._kubernetes import kubernetes_manifests as kubernetes_manifests
from kitfox.deployment._systemd import systemd_units as systemd_units

__all__ = [
    "Deployment",
    "Ground",
    "compose_file",
    "image_files",
    "kubernetes_manifests",
    "systemd_units",
]
