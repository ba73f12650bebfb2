"""Which NATS servers to connect to, and how."""

from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

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
    token: str | None


def target_of(url: str, tls: TLS | None, token: str | None) -> Target:
    """Read `nats://[user:password@|token@]host[:port]`, several of them separated by commas.

    `tls://` is `nats://` with TLS by the system's authorities, unless `tls` says more. Who a URL
    says we are goes before `token`.

    Raises:
        ValueError: it is none; the text says what is wrong.
    """
    servers = tuple(part.strip() for part in url.split(","))
    read = [_split(server) for server in servers]
    if tls is None and any(each.scheme == "tls" for each in read):
        tls = TLS()
    told = None if any(each.username for each in read) else token
    return Target(servers, ",".join(map(_public, read)), tls, told)


def _split(server: str) -> SplitResult:
    split = urlsplit(server)
    if split.scheme not in _SCHEMES or not split.hostname or split.path.strip("/"):
        shown = server.rpartition("@")[2]
        msg = f"expected nats://host:port (or tls://, or several with commas), got {shown!r}"
        raise ValueError(msg)
    return split


def _public(split: SplitResult) -> str:
    """Return a URL without its secrets."""
    host = f"[{split.hostname}]" if ":" in str(split.hostname) else split.hostname
    return f"{split.scheme}://{host}:{split.port or _PORT}"
