"""Which NATS servers to connect to, and how."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from kitfox.net import TLS

DEFAULT_URL = "nats://127.0.0.1:4222"
_PORT = 4222
_SCHEMES = ("nats", "tls")

OnConnection = Callable[[bool], None]


class Target(msgspec.Struct, frozen=True):
    """The servers of one NATS system, any of which will do. `url` names them without secrets."""

    servers: tuple[str, ...]
    url: str
    tls: TLS | None


def target_of(url: str, tls: TLS | None) -> Target:
    """Read `nats://[user:password@|token@]host[:port]`, several of them separated by commas.

    Raises:
        ValueError: it is none; the text says what is wrong.
    """
    servers = tuple(part.strip() for part in url.split(","))
    return Target(servers, ",".join(_public(server) for server in servers), tls)


def _public(server: str) -> str:
    """Check one URL, and return it without its secrets."""
    split = urlsplit(server)
    if split.scheme not in _SCHEMES or not split.hostname or split.path.strip("/"):
        shown = server.rpartition("@")[2]
        msg = f"expected nats://host:port (or tls://, or several with commas), got {shown!r}"
        raise ValueError(msg)
    host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
    return f"{split.scheme}://{host}:{split.port or _PORT}"
