"""Where a service tells others to call it, which need not be where it listens.

Rules:

- What is to be advertised may be a host, a `host:port`, or a whole URL.
- A host takes the place of the one in each address, a port that of the port; a URL is the address.
- Unless something is said, an address is advertised as it is, but for a wildcard (0.0.0.0, [::]):
  nobody can call that, so the first address of this machine's name takes its place which is not
  a loopback. Without one it must be said.
- An address at a server of somebody else's, that of NATS, is advertised as it is.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from kitfox.net import Address

_EXPECTED = "expected a host, host:port or a URL that others can call"


class AdvertiseError(ValueError):
    """There is no address that others can be told; the text says what to set."""


@dataclass(frozen=True, slots=True)
class Advertise:
    """What an operator says of the address: nothing, a host with or without its port, or a URL."""

    host: str = ""
    port: int | None = None
    url: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host`, `host:port`, `[v6]:port`, a URL, or nothing at all.

        Raises AdvertiseError.
        """
        if not text:
            return cls()
        try:
            parts = urlsplit(text if "://" in text else f"//{text}")
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise AdvertiseError(f"{text!r}: {error}; {_EXPECTED}") from None
        if not host or port == 0 or is_wildcard(host) or any(map(str.isspace, text)):
            raise AdvertiseError(f"{text!r}: {_EXPECTED}")
        if parts.scheme:
            return cls(url=text)
        if parts.netloc != text or parts.username is not None:
            raise AdvertiseError(f"{text!r}: {_EXPECTED}")
        return cls(host, port)


def asks_the_machine(listening: Iterable[str], said: Advertise) -> bool:
    """Say whether this machine's own addresses decide what is advertised."""
    return said == Advertise() and any(is_wildcard(urlsplit(url).hostname) for url in listening)


def advertised(
    listening: Sequence[str], said: Advertise, machine: Sequence[str]
) -> tuple[str, ...]:
    """Return the addresses to tell others, given those listened at and this machine's own.

    Raises AdvertiseError.
    """
    if said.url:
        return (said.url,)
    ours = [url for url in listening if not _is_elsewhere(url)]
    if said.port is not None and len(ours) > 1:
        raise AdvertiseError(
            f"advertise names one port, but there are {len(ours)} listeners: name a host alone"
        )
    return tuple(
        url if _is_elsewhere(url) else _advertised(urlsplit(url), said, machine)
        for url in listening
    )


def _is_elsewhere(url: str) -> bool:
    return url.startswith(("nats:", "tls:"))


def is_wildcard(host: str | None) -> bool:
    """Say whether `host` stands for every address of a machine."""
    try:
        return ipaddress.ip_address(host or "").is_unspecified
    except ValueError:
        return False


async def machine_addresses() -> tuple[str, ...]:
    """Return the addresses that this machine's name stands for; none when it is not known."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(str(where[0]) for *_, where in found)


def _advertised(url: SplitResult, said: Advertise, machine: Sequence[str]) -> str:
    host = said.host
    if not host and is_wildcard(url.hostname):
        host = _reachable(url, machine)
    if not host or url.port is None:  # it is right as it is, or the path of a Unix socket
        return url.geturl()
    port = url.port if said.port is None else said.port
    return url._replace(netloc=str(Address(host, port))).geturl()


def _reachable(url: SplitResult, machine: Sequence[str]) -> str:
    """Return the machine's first address that others can call; 0.0.0.0 has none of version 6."""
    version_6 = ":" in (url.hostname or "")
    for host in machine:
        ip = ipaddress.ip_address(host)
        if not (ip.is_loopback or ip.is_link_local) and (version_6 or ip.version == 4):
            return host
    raise AdvertiseError(
        f"nobody can call {url.geturl()}, and this machine's name stands for no address that "
        'others can; say one, as in advertise = "192.0.2.7"'
    )
