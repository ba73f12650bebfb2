"""The registry as a process of its own: leases, watches and the original protocol on one port."""

from kitfox.services.registry._service import RegistryService as RegistryService, build as build
from kitfox.services.registry._settings import Settings as Settings

__all__ = ["RegistryService", "Settings", "build"]
