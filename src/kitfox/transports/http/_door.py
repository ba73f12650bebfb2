"""Who may come in: decided from the headers alone, before anything of a request is read."""

from collections.abc import Collection, Mapping
from http import HTTPStatus

from kitfox.core import Code
from kitfox.net import (
    SharedToken,
    UnixAddress,
    cross_origin,
    is_local_name,
    is_loopback,
    parse_address,
)
from kitfox.transports.http._cors import CORS
from kitfox.transports.http._status import CHALLENGE, Refused

_REMEMBERED = 64  # names that need not be looked at again


class Door:
    """Lets requests in, or raises Refused.

    With a `token`, everybody must show it (RFC 6750). A browser that acts for another site's page
    is let in only when `cors` allows that site. With `hosts`, who asks must call this server by one
    of these names, or by an address or name that is always this machine's.
    """

    def __init__(
        self, *, token: str | None, cors: CORS | None, hosts: Collection[str] | None
    ) -> None:
        self._token = None if token is None else SharedToken(token)
        self._cors = cors
        self._hosts = None if hosts is None else {host.lower().encode() for host in hosts}

    def check_entry(self, headers: Mapping[bytes, bytes]) -> None:
        """Refuse who calls this server by another's name, or shows no token where there is one."""
        self.check_host(headers)
        self._check_token(headers)

    def check_host(self, headers: Mapping[bytes, bytes]) -> None:
        """Refuse who calls this server by a name that somebody else may have given it."""
        if self._hosts is None or (host := headers.get(b"host")) is None or host in self._hosts:
            return
        name, lowered = host.decode("latin-1"), host.lower()
        if is_local_name(name):
            if len(self._hosts) < _REMEMBERED:
                self._hosts.add(host)
        elif lowered not in self._hosts and lowered.rpartition(b":")[0] not in self._hosts:
            text = f"this server is not known as {name!r}; to let it be, give it hosts=[{name!r}]"
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, Code.PERMISSION_DENIED, text)

    def check_call(self, headers: Mapping[bytes, bytes], *, safe: bool) -> None:
        """Refuse what another site asks for, unless it is `safe` (RFC 9110, 9.2.1)."""
        if b"origin" not in headers and b"sec-fetch-site" not in headers:
            return
        if self._cors is not None and self._cors.allows(headers.get(b"origin", b"")):
            return
        if (why := cross_origin("GET" if safe else "POST", headers)) is not None:
            text = f"refused, because it comes from another site: {why}"
            raise Refused(403, Code.PERMISSION_DENIED, text)

    def _check_token(self, headers: Mapping[bytes, bytes]) -> None:
        """Refuse who does not show the token, where there is one."""
        if self._token is None:
            return
        shown = headers.get(b"authorization", b"").decode("utf-8", "surrogateescape")
        if (why := self._token.why_not(shown)) is not None:
            raise Refused(HTTPStatus.UNAUTHORIZED, Code.UNAUTHENTICATED, why, (CHALLENGE,))


def is_local(address: str) -> bool:
    """Whether `address` is a port that only this machine, so its browsers too, can reach."""
    place = parse_address(address)
    return not isinstance(place, UnixAddress) and is_loopback(place.host)
