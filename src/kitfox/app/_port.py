"""Where a service listens that is told its port by who starts it. Pure."""

from msgspec.structs import replace

from kitfox.app._config_error import ConfigError
from kitfox.app._config_schema import Config, ServiceConfig

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what PORT means where it is said


def listening_at_port(config: Config, name: str, port: str) -> Config:
    """Let a service whose `listen` says nothing listen at `PORT`, as platforms of containers ask.

    Others reach it there: it needs a token, or `public`, as at any such address.

    Raises ConfigError when the port is none.
    """
    service = config.services.get(name)
    if not port or service is None or service.listen != ServiceConfig(run="").listen:
        return config
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigError("PORT", "", f"expected a number from 1 to 65535, got {port!r}")
    at_port = replace(service, listen=(f"http://{_EVERYWHERE}:{port}",))
    return replace(config, services={**config.services, name: at_port})
