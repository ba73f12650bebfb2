"""TLS, for every wire: whose certificate is shown, and whose are trusted.

Nothing is watched: when a handshake begins, the files are looked at, and read anew if they have
changed. What is then wrong with them is logged, and the last good ones serve on.
"""

import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kitfox.net._tls_files import (
    TLSError,
    load_authorities,
    load_chain,
    read_certificates,
    read_key,
    stamp_of,
)

_log = logging.getLogger("kitfox.tls")


@dataclass(frozen=True, slots=True, kw_only=True)
class PEM:
    """The texts of the files of a TLS, for libraries that bring a TLS of their own."""

    certificate: bytes | None
    key: bytes | None
    ca: bytes | None
    client_ca: bytes | None


class _Renewed:
    """A context that is made anew when one of its files has changed."""

    def __init__(self, files: Sequence[Path], make: Callable[[], ssl.SSLContext]) -> None:
        self._files = files
        self._make = make
        self._stamp = stamp_of(files)
        self._context = make()

    def current(self) -> ssl.SSLContext:
        if (stamp := stamp_of(self._files)) != self._stamp:
            self._stamp = stamp
            try:
                self._context = self._make()
            except TLSError as error:
                _log.error("new files are of no use, the old ones stay in force: %s", error)
        return self._context


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """The files of one party, each in PEM; servers and clients may share one.

    - `certificate` and what leads from it to its authority, and its `key` (without one, the key
      stands in the certificate's file). A server must have it; a client shows it when asked.
    - `ca`: the authorities whose servers a client trusts; without it, those of the system
    - `client_ca`: the authorities of a server's clients, each of whom must then show a certificate

    Nobody speaks less than TLS 1.2. A file that changes counts from the next handshake on.
    """

    certificate: Path | str | None = None
    key: Path | str | None = None
    ca: Path | str | None = None
    client_ca: Path | str | None = None
    _clients: dict[tuple[str, ...], _Renewed] = field(
        default_factory=dict[tuple[str, ...], _Renewed], init=False, repr=False, compare=False
    )

    def server_context(self, *alpn: str) -> ssl.SSLContext:
        """Return a context for a server that speaks these protocols; it renews itself.

        Raises TLSError.
        """
        if self.certificate is None:
            raise TLSError("a server shows a certificate: give TLS(certificate='…')")
        renewed = _Renewed(self.files, lambda: self._for_server(alpn))
        context = renewed.current()

        def renew(handshake: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
            handshake.context = renewed.current()

        context.sni_callback = renew  # called in every handshake, with or without a name
        return context

    def client_context(self, *alpn: str) -> ssl.SSLContext:
        """Return the context of a client that speaks these protocols.

        Ask before each handshake: it is the same one until a file changes. Raises TLSError.
        """
        if (renewed := self._clients.get(alpn)) is None:
            renewed = _Renewed(self.files, lambda: self._for_client(alpn))
            self._clients[alpn] = renewed
        return renewed.current()

    def pem(self) -> PEM:
        """Read the files, as they are now; raises TLSError."""
        return PEM(
            certificate=_certificates("certificate", self.certificate),
            key=None if self._key is None else read_key(Path(self._key)),
            ca=_certificates("ca", self.ca),
            client_ca=_certificates("client_ca", self.client_ca),
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """The files there are."""
        named = (self.certificate, self.key, self.ca, self.client_ca)
        return tuple(Path(file) for file in named if file is not None)

    @property
    def _key(self) -> Path | str | None:
        return self.certificate if self.key is None else self.key

    def _for_server(self, alpn: Sequence[str]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.num_tickets = 0  # a session resumed would outlive its authority
            context.options |= ssl.OP_NO_TICKET
            load_authorities(context, "client_ca", Path(self.client_ca))
        return self._finish(context, alpn)

    def _for_client(self, alpn: Sequence[str]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca is None:
            context.load_default_certs()
        else:
            load_authorities(context, "ca", Path(self.ca))
        return self._finish(context, alpn)

    def _finish(self, context: ssl.SSLContext, alpn: Sequence[str]) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        if self.certificate is not None:
            load_chain(context, Path(self.certificate), Path(self._key or self.certificate))
        elif self.key is not None:
            raise TLSError(f"key {self.key}: there is no certificate to go with it")
        if alpn:
            context.set_alpn_protocols(alpn)
        return context


def _certificates(what: str, file: Path | str | None) -> bytes | None:
    return None if file is None else read_certificates(what, Path(file))
