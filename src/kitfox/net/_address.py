"""Where to listen: the text an operator writes, as values."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

_LOOPBACK = "127.0.0.1"
_UNIX = "unix:"
_ZONE = re.compile(r"[A-Za-z0-9._~-]+")  # of a link-local address (RFC 6874): eth0 in fe80::1%eth0


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a TCP port; port 0 asks for any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port`, `[v6]:port` or `:port`, whose host is the loopback.

        Raises ValueError that says which part is wrong and what was expected.
        """
        host, colon, port = text.rpartition(":")
        if not colon:
            raise ValueError(f"address {text!r} has no port: expected 'host:port' or ':port'")
        return cls(_host(host, text), _port(port, text))

    def __str__(self) -> str:
        """Write it as `host:port`, a version 6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """The path of a Unix socket."""

    path: str

    def __str__(self) -> str:
        """Write it as `unix:/path`."""
        return f"{_UNIX}{self.path}"


def parse_address(text: str) -> Address | UnixAddress:
    """Read `unix:/path` or what `Address.parse` reads; raises ValueError."""
    if not text.startswith(_UNIX):
        return Address.parse(text)
    path = text.removeprefix(_UNIX)
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"address {text!r} needs an absolute path: expected 'unix:/path'")
    return UnixAddress(path)


def is_loopback(host: str) -> bool:
    """Say whether `host` can be reached from this machine only.

    Names other than localhost count as reachable from elsewhere: what they resolve to may change.
    """
    if host.lower() == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def _host(host: str, text: str) -> str:
    if not host:
        return _LOOPBACK
    if host.startswith("[") and host.endswith("]"):
        return _version_6(host[1:-1], text)
    if ":" in host:
        raise ValueError(f"address {text!r}: a version 6 host stands in brackets, '[::1]:8080'")
    if not host.isprintable() or any(character in "/ " for character in host):
        raise ValueError(f"address {text!r}: {host!r} is not a host; expected a name or an IP")
    return host


def _version_6(host: str, text: str) -> str:
    try:
        ip = ipaddress.IPv6Address(host)
    except ValueError:
        raise ValueError(f"address {text!r}: {host!r} is not an IP address of version 6") from None
    if ip.scope_id and not _ZONE.fullmatch(ip.scope_id):
        raise ValueError(f"address {text!r}: {ip.scope_id!r} is not a zone, as eth0 is")
    return str(ip)


def _port(port: str, text: str) -> int:
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise ValueError(f"address {text!r}: port {port!r} is not a number from 0 to 65535")
    return int(port)
