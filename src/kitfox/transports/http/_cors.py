"""Which other sites' pages may call (the Fetch standard's CORS protocol). Off unless configured."""

from collections.abc import Mapping
from dataclasses import dataclass

from kitfox.transports.http._headers import RawHeaders

_VERBS = b"GET, POST, PUT, PATCH, DELETE"


@dataclass(frozen=True, slots=True)
class CORS:
    """The origins whose pages may call, such as `https://app.example`, or `*` for every one.

    `headers` may be sent beside the plain ones; `max_age` is how long, in seconds, a browser may
    remember the answer. Cookies are never allowed: no kitfox method looks at one.
    """

    origins: frozenset[str]
    headers: tuple[str, ...] = ("content-type", "authorization", "connect-timeout-ms")
    max_age: int = 600

    def allows(self, origin: bytes) -> bool:
        """Whether pages of `origin` may call."""
        return "*" in self.origins or origin.decode("latin-1") in self.origins


def cors_headers(cors: CORS | None, headers: Mapping[bytes, bytes]) -> RawHeaders:
    """Return what to add to an answer; nothing for requests that no allowed page sent."""
    origin = headers.get(b"origin")
    if cors is None or origin is None or not cors.allows(origin):
        return ()
    return ((b"access-control-allow-origin", origin), (b"vary", b"origin"))


def preflight_headers(cors: CORS) -> RawHeaders:
    """Return what else to say to a browser that asks whether it may send a request."""
    return (
        (b"access-control-allow-methods", _VERBS),
        (b"access-control-allow-headers", ", ".join(cors.headers).encode("latin-1")),
        (b"access-control-max-age", b"%d" % cors.max_age),
    )


def is_preflight(verb: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request is such a question."""
    return verb == "OPTIONS" and b"access-control-request-method" in headers
