"""Whether a browser sends a request on behalf of another site."""

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
