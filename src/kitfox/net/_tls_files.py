"""Certificates and keys as files: what is wrong with one, said before a handshake fails of it."""

import ssl
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

Stamp = tuple[tuple[int, int, int] | None, ...]

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"
_LOCKED = (b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED")
_END = "-----END CERTIFICATE-----"

# What a verification calls a certificate out of its time (X509_V_ERR_…, openssl/x509_vfy.h).
_OUT_OF_TIME = {9: "is not valid yet", 10: "has expired"}
_FLIGHTS = 4  # a handshake takes no more


class TLSError(ValueError):
    """A certificate or key is of no use; the text says which file, and what is wrong with it."""


def stamp_of(files: Iterable[Path]) -> Stamp:
    """Return what differs when a file was changed, replaced or removed."""
    return tuple(map(_stamp, files))


def read_certificates(what: str, file: Path) -> bytes:
    """Return the text of a file that holds certificates; raises TLSError."""
    text = _read(what, file)
    if _CERTIFICATE not in text:
        raise TLSError(f"{what} {file}: holds no certificate in PEM")
    return text


def read_key(file: Path) -> bytes:
    """Return the text of a file that holds a private key; raises TLSError."""
    text = _read("key", file)
    if _KEY not in text:
        raise TLSError(f"key {file}: holds no private key in PEM")
    if any(mark in text for mark in _LOCKED):
        raise TLSError(f"key {file}: is encrypted; decrypt it, and let only its user read it")
    return text


def load_chain(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Let a context show a certificate; raises TLSError."""
    text = read_certificates("certificate", certificate)
    read_key(key)
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TLSError(f"key {key}: is not that of certificate {certificate}") from None
        raise TLSError(f"certificate {certificate} with key {key}: {error}") from None
    _check_time(certificate, key, text.decode("ascii", "replace"))


def load_authorities(context: ssl.SSLContext, what: str, file: Path) -> None:
    """Let a context trust the authorities in a file; raises TLSError."""
    read_certificates(what, file)
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise TLSError(f"{what} {file}: holds no certificate in PEM: {error}") from None


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(what: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TLSError(f"{what} {file}: cannot be read: {error.strerror}") from None


def _check_time(certificate: Path, key: Path, text: str) -> None:
    """Refuse a certificate that is out of its time.

    The standard library reads a certificate only in the course of a handshake, so here is one:
    between two ends in memory, of which the one that verifies trusts this certificate alone.
    """
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shows.load_cert_chain(certificate, key)
    verifies = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    verifies.check_hostname = False
    verifies.verify_flags = ssl.VERIFY_X509_PARTIAL_CHAIN
    verifies.load_verify_locations(cadata=text[: text.index(_END)] + _END)
    try:
        _shake_hands(shows, verifies)
    except ssl.SSLCertVerificationError as error:
        if (problem := _OUT_OF_TIME.get(error.verify_code)) is not None:
            raise TLSError(f"certificate {certificate}: {problem}") from None


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(down, up, server_side=False),
        server.wrap_bio(up, down, server_side=True),
    )
    for _ in range(_FLIGHTS):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
