"""In which order the processes of a system are started. Pure.

The order is a courtesy, it spares the first seconds their retries: every service must bear any.
"""

from kitfox.app._config_schema import Config, ServiceConfig
from kitfox.app._original import ORIGINAL

_REGISTRY = "kitfox.services.registry"
_LOGS = "kitfox.services.logs"


def start_order(config: Config) -> tuple[tuple[str, ...], ...]:
    """Return waves of names: who is in one starts side by side, when the wave before is ready."""
    needs = {name: _needs(name, config) for name in config.services}
    waves: list[tuple[str, ...]] = []
    while needs:
        wave = tuple(name for name, above in needs.items() if not above & needs.keys())
        waves.append(wave or tuple(needs))  # a circle starts together
        for name in waves[-1]:
            del needs[name]
    return tuple(waves)


def _needs(name: str, config: Config) -> set[str]:
    registry = {n for n, service in config.services.items() if _is_registry(service, config)}
    logs = {n for n, service in config.services.items() if service.run.startswith(_LOGS)}
    own = set(config.services[name].needs)
    if name in registry:
        return own
    return own | registry if name in logs else own | registry | logs


def _is_registry(service: ServiceConfig, config: Config) -> bool:
    url = (config.system.registry or "").removeprefix(ORIGINAL)
    return service.run.startswith(_REGISTRY) or url in service.listen
