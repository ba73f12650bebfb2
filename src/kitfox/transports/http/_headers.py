"""Metadata as headers, and the time left as a header."""

import logging
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from kitfox.core import Code, InvalidArgument, Metadata, RPCError, retry_after
from kitfox.transports.http._status import Refused

_log = logging.getLogger("kitfox.http")

RawHeaders = Sequence[tuple[bytes, bytes]]

# Headers that HTTP, its browsers or this wire use for themselves: never metadata.
RESERVED: Final = frozenset(
    b"accept accept-encoding accept-language cache-control connect-protocol-version "
    b"connect-timeout-ms connection content-encoding content-length content-type cookie date "
    b"expect grpc-timeout host keep-alive origin pragma proxy-authenticate proxy-authorization "
    b"referer server te trailer transfer-encoding upgrade user-agent vary www-authenticate".split()
)

_GRPC_UNITS: Final[Mapping[str, float]] = {
    "H": 3600.0,
    "M": 60.0,
    "S": 1.0,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
}
_GRPC_TIMEOUT = re.compile(r"(\d{1,8})([HMSmun])")
_MILLISECONDS = re.compile(r"\d{1,10}")
_MOST_MILLISECONDS = 9_999_999_999  # four months


class HeaderMetadata(Metadata):
    """Metadata read from headers, when somebody looks."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self._values = {}
        self._headers: Mapping[bytes, bytes] | None = headers

    def __getitem__(self, key: str) -> str:
        """Return the value of `key`, or raise KeyError."""
        # Middleware asks after marks that few calls bear: those need not be read whole.
        if self._headers is not None and key.lower().encode() not in self._headers:
            raise KeyError(key)
        self._load()
        return super().__getitem__(key)

    def __delitem__(self, key: str) -> None:
        """Remove `key`, or raise KeyError."""
        self._load()
        super().__delitem__(key)

    def __setitem__(self, key: str, value: str) -> None:
        """Set `key`; raise ValueError for what a wire could not carry."""
        self._load()
        super().__setitem__(key, value)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        self._load()
        return super().__iter__()

    def __len__(self) -> int:
        """Return the number of keys."""
        self._load()
        return super().__len__()

    def plain(self) -> dict[str, str]:
        """Return a dict of the same, for a wire to write."""
        self._load()
        return super().plain()

    def _load(self) -> None:
        headers, self._headers = self._headers, None
        if headers is not None:
            take_metadata(self, headers.items())


def take_metadata(into: Metadata, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Take what is metadata among headers; what Metadata cannot hold is left out."""
    for name, value in headers:
        if name not in RESERVED and not name.startswith((b"sec-", b"access-control-")):
            with suppress(ValueError):
                into[name.decode("latin-1")] = value.decode("latin-1")


def headers_of(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return a request's metadata as headers.

    Raises:
        InvalidArgument: a key is one of HTTP's own headers.
    """
    headers = _encoded(metadata)
    for name, _ in headers:
        if name in RESERVED:
            raise InvalidArgument(_not_yours(name))
    return headers


def reply_headers(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return a reply's metadata as headers; HTTP's own are left out, and that is logged.

    The reply itself is right, so its caller shall have it.
    """
    headers = _encoded(metadata)
    for name in [name for name, _ in headers if name in RESERVED]:
        _log.error("left out of a reply: %s", _not_yours(name))
    return [header for header in headers if header[0] not in RESERVED]


def _encoded(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    return [(key.encode("ascii"), value.encode("ascii")) for key, value in metadata.items()]


def _not_yours(name: bytes) -> str:
    return f"metadata {name.decode('ascii')!r} is a header of HTTP's own; choose another key"


def retry_headers(error: RPCError) -> RawHeaders:
    """Return the header that tells when to ask again, if an error says so (RFC 9110, 10.2.3)."""
    if (seconds := retry_after(error)) is None or seconds == math.inf:
        return ()
    return ((b"retry-after", b"%d" % math.ceil(seconds)),)


def timeout_header(seconds: float) -> tuple[bytes, bytes]:
    """Return the header that tells the far end how long this one will wait."""
    return b"connect-timeout-ms", b"%d" % math.ceil(min(seconds * 1000, _MOST_MILLISECONDS))


def timeout_of(headers: Mapping[bytes, bytes]) -> float | None:
    """Return the seconds the caller will wait: Connect-Timeout-Ms or grpc-timeout, or None.

    Raises:
        Refused: a header is there and is not a timeout.
    """
    if (raw := headers.get(b"connect-timeout-ms")) is not None:
        if not _MILLISECONDS.fullmatch(text := raw.decode("latin-1")):
            raise _malformed("connect-timeout-ms", text, "milliseconds, at most ten digits")
        return int(text) / 1000
    if (raw := headers.get(b"grpc-timeout")) is not None:
        if (match := _GRPC_TIMEOUT.fullmatch(text := raw.decode("latin-1"))) is None:
            raise _malformed("grpc-timeout", text, "at most eight digits and one of H M S m u n")
        return int(match[1]) * _GRPC_UNITS[match[2]]
    return None


def _malformed(name: str, text: str, expected: str) -> Refused:
    return Refused(400, Code.INVALID_ARGUMENT, f"header {name}: expected {expected}, got {text!r}")
