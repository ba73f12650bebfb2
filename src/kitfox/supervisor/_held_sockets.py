"""The listening sockets of a system, which stay open while the processes behind them change.

Two systems that were told the same ports are not mixed: all sockets are open before anything
starts, else one system's services would find the other's registry where they look for their own.
"""

import socket
from collections.abc import Iterable, Mapping

from kitfox.app import Opened, ServiceConfig, address_in, how_opened, listeners_at, name_of_socket
from kitfox.net import Sockets, address_of, parse_address, reserve, share, to_inherit


class PortTakenError(OSError):
    """A service cannot listen where it is to; the text says which, why, and what can be done."""


class HeldSockets:
    """Sockets by name. Those that were handed to this process itself are taken first."""

    def __init__(self, inherited: Sockets | None = None) -> None:
        self._inherited = inherited or Sockets()
        self._held: dict[str, socket.socket] = {}

    def open(self, services: Mapping[str, ServiceConfig]) -> dict[int, str]:
        """Have the sockets of some services open; return their descriptors with their names.

        Raises PortTakenError.
        """
        for name, service in services.items():
            for url in _held(service):
                try:
                    self._open(name_of_socket(name, url), url, service.replicas)
                except OSError as error:
                    raise _taken(name, error) from error
        return self._named(_keys(services))

    @property
    def descriptors(self) -> dict[int, str]:
        """All that are open, with their names."""
        return self._named(self._held)

    def keep(self, services: Mapping[str, ServiceConfig]) -> None:
        """Of the sockets of these services, close those that they no longer ask for."""
        kept = set(_keys(services))
        self._close(key for key in self._held if _owner(key) in services and key not in kept)

    def close(self, services: Iterable[str]) -> None:
        """Close the sockets of some services: who calls there is refused."""
        owners = set(services)
        self._close(key for key in self._held if _owner(key) in owners)

    def close_all(self) -> None:
        """Close all, also those that nobody has asked for."""
        self._close(self._held)
        self._inherited.close()

    def _named(self, keys: Iterable[str]) -> dict[int, str]:
        named = [to_inherit(self._held[key], key) for key in keys]
        return {fd: key for each in named for fd, key in each.items()}

    def _open(self, key: str, url: str, replicas: int) -> None:
        if key in self._held:
            return
        address = address_in(url)
        if left := self._inherited.take(key):
            self._held[key] = left
        elif how_opened(url) is Opened.SHARED:
            self._held[key] = reserve(address)
        else:
            opened = self._of_other_wire(key, address) or self._inherited.bind(address)
            self._held[key] = share(opened, replicas)

    def _of_other_wire(self, key: str, address: str) -> socket.socket | None:
        """Return what the same service listens at already, if it is for another wire."""
        wanted = parse_address(address)
        for other, held in self._held.items():
            if _owner(other) == _owner(key) and parse_address(address_of(held)) == wanted:
                return held.dup()
        return None

    def _close(self, keys: Iterable[str]) -> None:
        for key in list(keys):
            self._held.pop(key).close()


def _held(service: ServiceConfig) -> list[str]:
    held = (Opened.HANDED_OVER, Opened.SHARED)
    return [url for url in listeners_at(service.listen) if how_opened(url) in held]


def _keys(services: Mapping[str, ServiceConfig]) -> list[str]:
    return [name_of_socket(name, url) for name in services for url in _held(services[name])]


def _owner(key: str) -> str:
    return key.partition(" ")[0]


def _taken(name: str, error: OSError) -> PortTakenError:
    return PortTakenError(
        error.errno,
        f"service.{name}: {error.strerror}; if that is another system, stop it, or change "
        f"service.{name}.listen",
    )
