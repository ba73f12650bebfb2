"""Whose address is it: hosts compared by what they are, never by resolving them."""

import ipaddress

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


def ip_of(host: str) -> IP | None:
    """Return a host's address if it is written as one; a mapped IPv4 address as IPv4."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def host_of(peer: str) -> str:
    """Return the host of a call's peer: `host:port`, `[v6]:port` or a host alone."""
    if peer.startswith("["):
        return peer[1:].partition("]")[0]
    return peer.rpartition(":")[0] if peer.count(":") == 1 else peer


def is_local(host: str) -> bool:
    """Whether the host is this machine: a loopback address, or no network at all."""
    ip = ip_of(host)
    return ip.is_loopback if ip else host.lower() in {"", "memory", "unix", "localhost"}


def same_host(one: str, other: str) -> bool:
    """Whether two hosts are the same; all names of the loopback are."""
    if is_local(one) and is_local(other):
        return True
    ip = ip_of(one)
    return ip is not None and ip == ip_of(other)
