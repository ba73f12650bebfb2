"""Whether a browser sends a request on behalf of another site."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cross_origin(verb: str, headers: Mapping[bytes, bytes]) -> str | None:
    """Say why a request counts as another site's, or return None when it does not.

    The rules are those of Go's http.CrossOriginProtection: safe verbs pass; else Sec-Fetch-Site,
    which every current browser sends, decides; else Origin must name the Host. A request with
    neither comes from no browser. The names of `headers` are in lower case.
    """
    if verb in _SAFE:
        return None
    if site := headers.get(b"sec-fetch-site"):
        text = site.decode("latin-1")
        return None if text in {"same-origin", "none"} else f"Sec-Fetch-Site is {text}"
    origin = headers.get(b"origin")
    if not origin or _host(origin) == headers.get(b"host"):
        return None
    return "Origin is not this host"


def _host(origin: bytes) -> bytes:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return b""


def is_local_name(host: str) -> bool:
    """Whether a Host header names this machine in a way that no foreign DNS can have arranged.

    A page of evil.example may have its name point to 127.0.0.1 and then ask what listens there
    (DNS rebinding); to the browser that is no other site. An IP address and `localhost`
    (RFC 6761, 6.3) are nobody else's names.
    """
    name = _without_port(host.lower()).rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and not name.endswith(":") else host
