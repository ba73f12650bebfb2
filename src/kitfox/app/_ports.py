"""The ports that the services of a system are to listen at, looked at before any of them starts.

Two systems that were told the same ports must not be mixed: the second one's services would find
the first one's registry where they look for their own.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from kitfox.app._config_schema import Config
from kitfox.net import bind

_TCP = frozenset({"http", "https", "rpc", "rpcs", "grpc", "grpcs"})


class PortTakenError(OSError):
    """A service cannot listen where it is to; the text says which, why, and what can be done."""


def taken_port(config: Config) -> PortTakenError | None:
    """Return what is wrong with the first port that cannot be had now; None when all can."""
    for name, address in _ports(config):
        try:
            bind(address).close()
        except OSError as error:
            return PortTakenError(
                error.errno,
                f"service.{name}: {error.strerror}; if that is another system, stop it, or change "
                f"service.{name}.listen",
            )
    return None


def _ports(config: Config) -> Iterator[tuple[str, str]]:
    for name, service in config.services.items():
        for url in map(urlsplit, service.listen):
            if url.scheme in _TCP and url.port:
                yield name, url.netloc
