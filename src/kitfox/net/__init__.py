"""Sockets, TLS, readiness notification, and the HTTP/1.1 client."""

from kitfox.net._address import (
    Address as Address,
    UnixAddress as UnixAddress,
    is_loopback as is_loopback,
    parse_address as parse_address,
)
from kitfox.net._listen import address_of as address_of, bind as bind, inherited as inherited

__all__ = [
    "Address",
    "UnixAddress",
    "address_of",
    "bind",
    "inherited",
    "is_loopback",
    "parse_address",
]
