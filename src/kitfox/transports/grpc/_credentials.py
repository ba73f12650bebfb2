"""The files of a TLS as grpcio takes them: it brings a TLS of its own."""

import logging
import ssl

from kitfox.net import PEM, TLS, TLSError
from kitfox.transports.grpc._grpcio import (
    CertificateConfiguration,
    certificate_configuration,
    channel_credentials,
    server_credentials,
)

_log = logging.getLogger("kitfox.tls")

_ALPN = "h2"


def server_side(tls: TLS) -> object:
    """Return what a server shows; its files are read anew when they have changed.

    Raises:
        TLSError: a certificate or key is of no use; the text says which and why.
    """
    files = _Files(tls)
    return server_credentials(
        _configuration(files.pem), files.changed, ask_clients=files.pem.client_ca is not None
    )


def client_side(tls: TLS) -> object:
    """Return what a client shows and trusts, from the files as they are now; raises TLSError."""
    context = tls.client_context(_ALPN)  # says what is wrong better than grpcio, which aborts
    pem = tls.pem()
    authorities = pem.ca if pem.ca is not None else _authorities(context)
    return channel_credentials(authorities, pem.key, pem.certificate)


def stamp_of(tls: TLS) -> object:
    """Return what is another object when the files of a client have changed."""
    return tls.client_context(_ALPN)


def _authorities(context: ssl.SSLContext) -> bytes | None:
    """Return the authorities that a context trusts; None if it does not tell them."""
    certificates = context.get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, certificates)).encode() or None


def _configuration(pem: PEM) -> CertificateConfiguration:
    return certificate_configuration(pem.certificate, pem.key, pem.client_ca)


class _Files:
    """The files of a server. `changed` is called in every handshake, by a thread of grpcio's."""

    def __init__(self, tls: TLS) -> None:
        self._tls = tls
        self.pem = self._read()
        self._complaint = ""

    def changed(self) -> CertificateConfiguration | None:
        """Return what is in the files, if that is new and of use."""
        try:
            pem = self._tls.pem()
            if pem == self.pem:
                return None
            self.pem = self._read()
        except TLSError as error:
            self._complain(str(error))
            return None
        return _configuration(self.pem)

    def _read(self) -> PEM:
        self._tls.server_context(_ALPN)  # says what is wrong better than grpcio, which aborts
        return self._tls.pem()

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            _log.error("new files are of no use, the old ones stay in force: %s", text)
        self._complaint = text
