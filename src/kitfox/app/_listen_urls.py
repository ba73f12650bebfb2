"""What the URLs in `listen` mean for whoever opens sockets. Pure."""

from collections.abc import Iterable
from enum import Enum
from urllib.parse import urlsplit

from kitfox.net import is_loopback, parse_address


class Opened(Enum):
    """How the socket for a URL comes to be."""

    HANDED_OVER = "opened by whoever starts the process"
    SHARED = "opened by each process, at a port that is kept for all of them"
    ALONE = "opened by the process, where no other may listen"
    NEVER = "none: it listens at somebody else's server"


_HOW = {
    **dict.fromkeys(("http", "https", "rpc", "rpcs"), Opened.HANDED_OVER),
    **dict.fromkeys(("http+unix", "rpc+unix"), Opened.HANDED_OVER),
    **dict.fromkeys(("grpc", "grpcs"), Opened.SHARED),
    "grpc+unix": Opened.ALONE,
}


def listeners_at(urls: Iterable[str]) -> dict[str, bool]:
    """Return where there is a listener, and whether it answers WebSockets as well.

    `ws://` is `http://` with WebSockets: both at one address are one listener.
    """
    merged: dict[str, bool] = {}
    for url in urls:
        if url.startswith(("ws:", "wss:")):
            merged["http" + url.removeprefix("ws")] = True
        else:
            merged.setdefault(url, False)
    return merged


def how_opened(url: str) -> Opened:
    """Return who opens the socket; what makes no sense is the process's own to refuse."""
    try:
        parse_address(address_in(url))
    except ValueError:
        return Opened.NEVER
    return _HOW.get(urlsplit(url).scheme, Opened.NEVER)


def address_in(url: str) -> str:
    """Return the address that a URL names, as listeners take it; any port when it names none."""
    parts = urlsplit(url)
    if parts.scheme.endswith("+unix"):
        return f"unix:{parts.path}"
    return parts.netloc if parts.port is not None else f"{parts.netloc}:0"


def is_here(url: str) -> bool:
    """Whether only this machine can reach a URL."""
    parts = urlsplit(url)
    return parts.scheme.endswith("+unix") or is_loopback(parts.hostname or "")


def name_of_socket(service: str, url: str) -> str:
    """Return under which name a service's socket is handed over."""
    return f"{service} {url}"
