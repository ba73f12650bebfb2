"""Where to call, as a URL says it."""

from typing import NamedTuple
from urllib.parse import quote, unquote

from kitfox.net import Address, UnixAddress, parse_address

_UNIX = "rpc+unix"
_SCHEMES = ("rpc", "rpcs", _UNIX, "rpc+http", "rpc+https")


class Target(NamedTuple):
    """A peer's address, and how to come to speak with it."""

    address: Address | UnixAddress
    secure: bool = False
    upgrades: bool = False  # the port is an HTTP server's


def parse_url(url: str) -> Target:
    """Read `rpc://host:port`, `rpcs://`, `rpc+unix:///path`, `rpc+http://` or `rpc+https://`.

    Raises:
        ValueError: it is none of these; the text says what was expected.
    """
    scheme, slashes, rest = url.partition("://")
    if not slashes or scheme not in _SCHEMES:
        raise ValueError(f"{url!r}: expected rpc://host:port, rpcs://host:port or rpc+unix:///path")
    rest = rest if scheme == _UNIX else rest.rstrip("/")
    if scheme == _UNIX:
        return Target(parse_address(f"unix:{unquote(rest)}"))
    return Target(Address.parse(rest), scheme in {"rpcs", "rpc+https"}, scheme.startswith("rpc+h"))


def url_of(address: str, *, secure: bool) -> str:
    """Return the URL of a listener's address."""
    if address.startswith("unix:"):
        return f"{_UNIX}://{quote(address.removeprefix('unix:'))}"
    return f"{'rpcs' if secure else 'rpc'}://{address}"
