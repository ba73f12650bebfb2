"""Who calls, as grpcio tells it."""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote


def peer_of(text: str) -> str:
    """Return a peer's address: `127.0.0.1:4000` for `ipv4:127.0.0.1:4000`."""
    kind, _, address = text.partition(":")
    return text if kind == "unix" else unquote(address)


def identity_of(proved: Mapping[str, Iterable[bytes]]) -> str:
    """Return the name in the caller's certificate, if it has shown one that was checked.

    A URI or another of its alternative names, in this order, else its subject's common name.
    """
    if not proved.get("x509_pem_cert"):
        return ""
    uris = proved.get("peer_spiffe_id") or proved.get("x509_uri")
    names = proved.get("peer_dns") or proved.get("x509_subject_alternative_name")
    found = uris or names or proved.get("x509_common_name") or ()
    return next((name.decode("utf-8", "replace") for name in found), "")
