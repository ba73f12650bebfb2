"""Errors as NATS's service framework says them, with a document that says them whole."""

from collections.abc import Mapping
from typing import Final

import msgspec

from kitfox.codecs import Codec
from kitfox.core import Code
from kitfox.multiplex import Failure
from kitfox.transports.nats._message import (
    CODE,
    SERVICE_ERROR,
    SERVICE_ERROR_CODE,
    metadata_of,
    reply_metadata,
)

# What `nats` tools show; the numbers are HTTP's, as google.rpc.Code documents them.
_STATUS: Final[Mapping[Code, int]] = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
# For services that are not ours, which say a number at most.
_CODE: Final[Mapping[str, Code]] = {
    "400": Code.INVALID_ARGUMENT,
    "401": Code.UNAUTHENTICATED,
    "403": Code.PERMISSION_DENIED,
    "404": Code.NOT_FOUND,
    "408": Code.DEADLINE_EXCEEDED,
    "409": Code.ABORTED,
    "429": Code.RESOURCE_EXHAUSTED,
    "499": Code.CANCELLED,
    "500": Code.INTERNAL,
    "501": Code.UNIMPLEMENTED,
    "503": Code.UNAVAILABLE,
    "504": Code.DEADLINE_EXCEEDED,
}
_WORDS: Final[Mapping[str, Code]] = {code.word: code for code in _STATUS}

# A header is one line, and nobody reads a long one; the whole text is in the document.
_LINE = 200


class _Document(msgspec.Struct):
    """The body of an error."""

    message: str
    details: dict[str, object] = {}


def failure_headers(failure: Failure) -> dict[str, str]:
    """Return the headers of an error, the metadata that goes with it included."""
    code = Code(failure.code)
    line = " ".join(failure.message.split()) or code.word
    return reply_metadata(failure.metadata) | {
        SERVICE_ERROR: line[:_LINE].encode("utf-8", "replace").decode(),
        SERVICE_ERROR_CODE: str(_STATUS[code]),
        CODE: code.word,
    }


def failure_body(failure: Failure, codec: Codec) -> bytes:
    """Return the document that says an error whole."""
    return codec.encode(_Document(failure.message, dict(failure.details)))


def is_failure(headers: Mapping[str, str] | None) -> bool:
    """Whether a reply is an error, by whatever service."""
    return headers is not None and (SERVICE_ERROR_CODE in headers or SERVICE_ERROR in headers)


def failure_of(call: int, headers: Mapping[str, str], body: bytes, codec: Codec) -> Failure:
    """Return the error that a reply says: from its document, or else from its headers."""
    code = _WORDS.get(headers.get(CODE, ""))
    if code is None:
        code = _CODE.get(headers.get(SERVICE_ERROR_CODE, ""), Code.UNKNOWN)
    document = _Document(headers.get(SERVICE_ERROR, ""))
    if CODE in headers:
        document = _read(body, codec) or document
    return Failure(call, code.value, document.message, document.details, metadata_of(headers))


def _read(body: bytes, codec: Codec) -> _Document | None:
    try:
        document = codec.decoder(_Document)(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return document if isinstance(document, _Document) else None
