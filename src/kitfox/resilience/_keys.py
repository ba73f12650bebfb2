"""Who calls, as limits count them."""

from hashlib import blake2b
from ipaddress import IPv6Network, ip_address
from typing import Final

from kitfox.core import Call

_LONGEST: Final = 128  # characters that a key may have before it is shortened
_HOME: Final = 64  # bits: what one IPv6 customer is given, at the least


def by_caller(call: Call, _: object) -> str:
    """Return who calls: its identity, if it has proved one, or else the host it calls from.

    All addresses of an IPv6 network of 64 bits are one host: who has one of them has them all.
    """
    if call.identity:
        return f"identity {call.identity}"
    host = call.peer.rpartition(":")[0] or call.peer
    return f"host {_network(host) if ':' in host else host}"


def shortened(key: str) -> str:
    """Return a key that takes little room, however long it was."""
    if len(key) <= _LONGEST:
        return key
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def _network(host: str) -> str:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:  # whatever a wire calls its peers
        return host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _HOME), strict=False))
