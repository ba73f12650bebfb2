"""The ports of a service in its container. Pure.

There it listens at all addresses, for no other could be reached. Ports that the file leaves open
are each wire's usual one.
"""

from itertools import count
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

from kitfox.app import ORIGINAL, ServiceConfig

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - within a container, and asking for the token
ELSEWHERE: Final = ("nats", "tls")
"""Schemes of somebody else's server."""

_PROBES = 9100  # the port of their own, or the next that a service has no use for
_USUAL = {"http": 8080, "https": 8443, "rpc": 7070, "rpcs": 7443, "grpc": 9090, "grpcs": 9443}


class _Place(NamedTuple):
    """What a URL says of a port: which protocol begins there, and where it is."""

    scheme: str
    host: str | None
    port: int | None


class Port(msgspec.Struct, frozen=True):
    """Where a service listens in its container; the name is no other port's of it."""

    name: str
    scheme: str
    number: int


def ports(service: ServiceConfig) -> tuple[Port, ...]:
    """Return the ports of a service in its container."""
    return tuple(_placed(service).values())


def outward(service: ServiceConfig) -> list[str]:
    """Return where a service listens in its container, as `listen` has it."""
    placed, urls = _placed(service), list[str]()
    for parts in map(urlsplit, service.listen):
        if (port := placed.get(_place(parts))) is not None:
            urls.append(f"{parts.scheme}://{EVERYWHERE}:{port.number}")
        elif parts.scheme in ELSEWHERE:
            urls.append(parts.geturl())
    return urls


def port_at(service: ServiceConfig, url: str) -> Port | None:
    """Return the port that a URL of the file means, if the service listens there."""
    return _placed(service).get(_place(urlsplit(url)))


def probes_port(service: ServiceConfig) -> int:
    """Return where a container's probes are answered, also while its loop is blocked."""
    taken = {port.number for port in ports(service)}
    return next(number for number in count(_PROBES) if number not in taken)


def _placed(service: ServiceConfig) -> dict[_Place, Port]:
    """Return the ports by what the file says of them. WebSockets travel on one of HTTP."""
    found: dict[_Place, Port] = {}
    for place in dict.fromkeys(map(_place, map(urlsplit, service.listen))):
        if place.scheme in _USUAL:
            others = list(found.values())
            number = place.port or _USUAL[place.scheme]
            while any(number == each.number for each in others):
                number += 1
            alone = all(place.scheme != each.scheme for each in others)
            name = place.scheme if alone else f"{place.scheme}-{number}"
            found[place] = Port(name, place.scheme, number)
    return found


def _place(parts: SplitResult) -> _Place:
    scheme = parts.scheme
    if scheme in ("ws", "wss"):
        scheme = "http" + scheme.removeprefix("ws")
    return _Place(
        scheme.rpartition("+")[2] if scheme.startswith(ORIGINAL) else scheme,
        parts.hostname,
        parts.port,
    )
