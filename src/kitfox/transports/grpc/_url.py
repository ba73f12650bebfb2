"""Where to call, as a URL says it."""

from typing import NamedTuple
from urllib.parse import quote, unquote

from kitfox.net import Address, UnixAddress, parse_address

_UNIX = "grpc+unix"
_EXPECTED = "expected grpc://host:port, grpcs://host:port or grpc+unix:///path"


class Target(NamedTuple):
    """A peer's address as grpcio takes it, and whether to speak TLS with it."""

    name: str
    secure: bool = False


def parse_url(url: str) -> Target:
    """Read `grpc://host:port`, `grpcs://host:port` or `grpc+unix:///path`.

    Raises:
        ValueError: it is none of these; the text says what was expected.
    """
    scheme, slashes, rest = url.partition("://")
    if not slashes or scheme not in {"grpc", "grpcs", _UNIX}:
        raise ValueError(f"{url!r}: {_EXPECTED}")
    if scheme == _UNIX:
        return Target(str(parse_address(f"unix:{unquote(rest)}")))
    return Target(f"dns:///{Address.parse(rest.rstrip('/'))}", scheme == "grpcs")


def url_of(place: Address | UnixAddress, port: int, *, secure: bool) -> str:
    """Return the URL of a listener that has this port, if it has one."""
    if isinstance(place, UnixAddress):
        return f"{_UNIX}://{quote(place.path)}"
    return f"{'grpcs' if secure else 'grpc'}://{Address(place.host, port)}"
