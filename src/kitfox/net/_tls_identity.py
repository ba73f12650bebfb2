"""Who a peer is, by the certificate that it showed."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

# Among an ASGI scope's extensions: who the client's certificate, checked, says it is.
IDENTITY: Final = "kitfox.identity"

# Which name counts: the first of a kind, of the first kind there is (SPIFFE puts its id in a URI).
_KINDS = ("URI", "DNS")


def peer_identity(transport: asyncio.BaseTransport) -> str:
    """Return the name in the peer's certificate, or "" when it showed none that was checked.

    A URI or a DNS name of its alternative names, in this order, else its subject's common name.
    """
    return certified_name(transport.get_extra_info("peercert") or {})


def certified_name(certificate: Mapping[str, Any]) -> str:
    """Return the name in a certificate, as `ssl.SSLSocket.getpeercert` tells it."""
    names = cast("Iterable[tuple[str, str]]", certificate.get("subjectAltName", ()))
    for kind in _KINDS:
        for found, name in names:
            if found == kind:
                return name
    return _common_name(certificate.get("subject", ()))


def _common_name(subject: Iterable[Iterable[tuple[str, str]]]) -> str:
    parts = (part for group in subject for part in group)
    return next((value for kind, value in parts if kind == "commonName"), "")
