"""URLs, taken apart as far as a client needs them."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

from kitfox.net._address import Address

_URL = re.compile(r"([A-Za-z+]+://[^/?#]*)([^#]*)", re.DOTALL)
_TARGET = re.compile(r"[!-~]*")
_PORTS = {"http": 80, "https": 443, "http+unix": 0}


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom to connect to: scheme, host and port, or the path of a Unix socket as host."""

    scheme: str
    host: str
    port: int
    authority: bytes = field(compare=False)  # the value of the Host header

    def __str__(self) -> str:
        """Write it as it stands in a URL."""
        return f"{self.scheme}://{self.host if self.is_unix else self.authority.decode()}"

    @property
    def is_unix(self) -> bool:
        """Whether `host` is the path of a Unix socket."""
        return self.scheme == "http+unix"


def split_url(url: str) -> tuple[Origin, str]:
    """Split a URL into its origin and what follows: path and query, "/" when there is no path.

    `http`, `https` and `http+unix://%2Fpath%2Fof%2Fsocket` are known. Raises ValueError that names
    the part that is wrong; user information and fragments are refused, not dropped.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError(f"URL {url!r}: {_complaint(url)}")
    origin, target = found.groups()
    if not _TARGET.fullmatch(target):
        raise ValueError(f"URL {url!r}: path and query must be percent-encoded ASCII")
    return _origin(origin), target if target.startswith("/") else f"/{target}"


def _complaint(url: str) -> str:
    return "a fragment is never sent" if "#" in url else "expected 'http://host:port/path'"


@lru_cache(maxsize=1024)
def _origin(text: str) -> Origin:
    scheme, _, authority = text.partition("://")
    scheme = scheme.lower()
    if scheme not in _PORTS:
        raise ValueError(f"URL {text!r}: scheme {scheme!r} is none of {', '.join(_PORTS)}")
    if "@" in authority:
        raise ValueError(f"URL {scheme}://…: user information in a URL leaks; send a header")
    if scheme == "http+unix":
        return _unix_origin(text, authority)
    if not authority or authority.rfind(":") == 0:
        raise ValueError(f"URL {text!r} has no host")
    try:
        address = Address.parse(_with_port(authority.replace("%25", "%"), _PORTS[scheme]))
    except ValueError as error:
        raise ValueError(f"URL {text!r}: {error}") from None
    if not _is_host(address.host):
        raise ValueError(f"URL {text!r}: {address.host!r} is not a host")
    if not address.port:
        raise ValueError(f"URL {text!r}: nobody listens at port 0")
    return _tcp_origin(scheme, address)


def _with_port(authority: str, default: int) -> str:
    return authority if ":" in authority.rpartition("]")[2] else f"{authority}:{default}"


def _is_host(host: str) -> bool:
    return (
        host.isascii() and host.isprintable() and bool(host) and not set(host) & set('\\<>"^`{|}')
    )


def _tcp_origin(scheme: str, address: Address) -> Origin:
    host, percent, zone = address.host.partition("%")  # a zone is `%25eth0` in a URL (RFC 6874, 2)
    host = host.lower()
    text = str(Address(host, address.port))  # without the zone: it means nothing to the peer
    if address.port == _PORTS[scheme]:
        text = text.rpartition(":")[0]
    return Origin(scheme, host + percent + zone, address.port, text.encode())


def _unix_origin(text: str, authority: str) -> Origin:
    path = unquote(authority)
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"URL {text!r}: expected 'http+unix://%2Fpath%2Fof%2Fsocket'")
    return Origin("http+unix", path, 0, b"localhost")
