"""TLS contexts."""

import ssl
from pathlib import Path


def client_tls(ca_file: Path | str | None = None) -> ssl.SSLContext:
    """Make a context that verifies its peers, by the system's authorities or those in `ca_file`.

    Raises FileNotFoundError, PermissionError, or ValueError when the file holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise ValueError(f"{ca_file} holds no certificate in PEM: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
