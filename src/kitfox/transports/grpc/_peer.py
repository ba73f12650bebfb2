"""Who calls, as grpcio tells it."""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote


def peer_of(text: str) -> str:
    """Return a peer's address: `127.0.0.1:4000` for `ipv4:127.0.0.1:4000`."""
    kind, _, address = text.partition(":")
    return text if kind == "unix" else unquote(address)


def identity_of(proved: Mapping[str, Iterable[bytes]]) -> str:
    """Return the name in the caller's certificate, or "" when it showed none that was checked.

    A URI or a DNS name of its alternative names, in this order, else its subject's common name.
    """
    if not proved.get("x509_pem_cert"):
        return ""
    for kind in ("peer_uri", "peer_dns", "x509_common_name"):
        for name in proved.get(kind, ()):
            return name.decode("utf-8", "replace")
    return ""
