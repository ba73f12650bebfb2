"""Sockets, TLS, readiness notification, and the HTTP/1.1 client."""

from kitfox.net._address import (
    Address as Address,
    UnixAddress as UnixAddress,
    is_loopback as is_loopback,
    parse_address as parse_address,
)
from kitfox.net._asgi import (
    ASGIApp as ASGIApp,
    BodyTooLarge as BodyTooLarge,
    ClientGone as ClientGone,
    Receive as Receive,
    Scope as Scope,
    Send as Send,
    read_body as read_body,
    reply as reply,
)
from kitfox.net._listen import address_of as address_of, bind as bind, inherited as inherited
from kitfox.net._router import (
    Match as Match,
    Router as Router,
    template_names as template_names,
)
from kitfox.net._site import Site as Site, SiteReply as SiteReply, SiteRequest as SiteRequest

__all__ = [
    "ASGIApp",
    "Address",
    "BodyTooLarge",
    "ClientGone",
    "Match",
    "Receive",
    "Router",
    "Scope",
    "Send",
    "Site",
    "SiteReply",
    "SiteRequest",
    "UnixAddress",
    "address_of",
    "bind",
    "inherited",
    "is_loopback",
    "parse_address",
    "read_body",
    "reply",
    "template_names",
]
