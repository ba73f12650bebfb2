"""Who may speak to the registry, and whom the registry may call in turn.

Rules
1. With a token, a call must show it. Without one, only peers on this machine and those in the
   allow-list are served.
2. The original protocol cannot show a token: peers on this machine and in the allow-list need none.
3. The registry calls only the peer's own address and the hosts of the allow-list. A name other than
   localhost is never resolved to find out whose it is: what it resolves to may change.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from kitfox.core import InvalidArgument, PermissionDenied, Unauthenticated
from kitfox.net import SharedToken
from kitfox.registry import host_of, ip_of, is_local, same_host

_PLAIN = re.compile(r"[!\"$-?A-~]{1,2000}")  # printable ASCII without '#' (fragment), '@' (user)
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Gate:
    """Decides by address and token."""

    def __init__(self, token: str = "", allow: Iterable[str] = ()) -> None:
        """Make one; no `token` is "".

        Raises:
            ValueError: the token is nothing but space, or the allow-list has an address with bits
                outside its network.
        """
        self._token = SharedToken(token) if token else None
        self._names = frozenset(host.lower() for host in allow)
        self._networks = tuple(_networks(allow))

    def admit(self, peer: str, authorization: str) -> None:
        """Let a call pass. Raises Unauthenticated and PermissionDenied."""
        if self._token is not None:
            if self._token.why_not(authorization) is not None:
                raise Unauthenticated("the registry's token is required: Authorization: Bearer …")
        elif not self._trusts(host_of(peer)):
            raise PermissionDenied(f"{host_of(peer)} is not served without a token")

    def admit_original(self, peer: str, authorization: str) -> None:
        """Let a request of the original protocol pass. Raises as `admit` does."""
        if not self._trusts(host_of(peer)):
            self.admit(peer, authorization)

    def check_url(self, field: str, url: str, peer: str) -> None:
        """Raise InvalidArgument or PermissionDenied if the registry must not call the URL."""
        host = http_host(field, url)
        if not self.may_call(host, peer):
            raise PermissionDenied(
                f"{field}: {host} is neither the caller's own address, {host_of(peer)}, nor allowed"
            )

    def may_call(self, host: str, peer: str) -> bool:
        """Whether the registry may call the host because the peer asks it to."""
        return self._allows(host) or same_host(host, host_of(peer))

    def _trusts(self, host: str) -> bool:
        return is_local(host) or self._allows(host)

    def _allows(self, host: str) -> bool:
        ip = ip_of(host)
        if ip is None:
            return host.lower() in self._names
        return any(ip in network for network in self._networks)


def http_host(field: str, url: str) -> str:
    """Return the host of an http(s) URL. Raises InvalidArgument, naming the field."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidArgument(f"{field}: {error}") from None
    if parts.scheme not in {"http", "https"} or not host or not _PLAIN.fullmatch(url):
        raise InvalidArgument(f"{field}: expected http://host:port/…, got {url[:80]!r}")
    return host


def _networks(allow: Iterable[str]) -> Iterator[_Network]:
    for entry in allow:
        if ip_of(entry.partition("/")[0]):
            yield ipaddress.ip_network(entry)
