"""TLS contexts."""

import ssl
from pathlib import Path


def client_tls(ca_file: Path | str | None = None) -> ssl.SSLContext:
    """Make a context that verifies its peers, by the system's authorities or those in `ca_file`.

    Raises FileNotFoundError, PermissionError, or ValueError when the file holds no certificate.
    """
    if ca_file is None:
        context = ssl.create_default_context()
    else:
        context = ssl.create_default_context(cadata=_certificates(Path(ca_file)))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _certificates(path: Path) -> str:
    text = path.read_text(encoding="ascii", errors="replace")
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ValueError(
            f"{path} holds no certificate: expected PEM, '-----BEGIN CERTIFICATE-----'"
        )
    return text
