"""Metadata as gRPC carries it: a key that ends in `-bin` has bytes there, and base64 here."""

import binascii
import logging
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from kitfox.core import InvalidArgument, Metadata
from kitfox.transports.grpc._grpcio import Pair, Pairs

_log = logging.getLogger("kitfox.grpc")

# Headers that HTTP/2 or gRPC use for themselves: never metadata.
_RESERVED: Final = frozenset(
    b"accept-encoding connection content-encoding content-length content-type date expect host "
    b"keep-alive proxy-connection server te trailer transfer-encoding upgrade user-agent".split()
)


def take_metadata(into: Metadata, pairs: Pairs | None) -> None:
    """Take what is metadata of a peer's; what Metadata cannot hold is left out."""
    for key, value in pairs or ():
        if not _is_reserved(key):
            with suppress(ValueError):
                into[key] = _text(value)


def _text(value: str | bytes) -> str:
    return b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def request_pairs(metadata: Mapping[str, str]) -> list[Pair]:
    """Return a request's metadata for the wire.

    Raises:
        InvalidArgument: a key is one of gRPC's own, or a `-bin` value is not base64.
    """
    pairs: list[Pair] = []
    for key, value in metadata.items():
        if _is_reserved(key):
            raise InvalidArgument(_not_yours(key))
        try:
            pairs.append(_pair(key, value))
        except ValueError as error:
            raise InvalidArgument(f"metadata {key!r}: expected base64: {error}") from None
    return pairs


def reply_pairs(metadata: Mapping[str, str]) -> list[Pair]:
    """Return a reply's metadata for the wire; what cannot travel is left out, and logged."""
    return list(_sendable(metadata.items()))


def _sendable(items: Iterable[tuple[str, str]]) -> Iterator[Pair]:
    for key, value in items:
        if _is_reserved(key):
            _log.error("left out of a reply: %s", _not_yours(key))
            continue
        try:
            yield _pair(key, value)
        except ValueError as error:
            _log.error("left out of a reply: metadata %r is not base64: %s", key, error)


def _pair(key: str, value: str) -> Pair:
    """Return one entry for the wire; raise ValueError for bytes that are not base64."""
    if not key.endswith("-bin"):
        return key, value
    try:
        return key, b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _is_reserved(key: str) -> bool:
    return key.encode() in _RESERVED or key.startswith((":", "grpc-"))


def _not_yours(key: str) -> str:
    return f"metadata {key!r} is a header of gRPC's own; choose another key"
