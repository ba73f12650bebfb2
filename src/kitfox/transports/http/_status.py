"""Codes as HTTP statuses, and errors as problem documents (RFC 9457).

The status is what intermediaries understand; `code` in the document is what the caller goes by.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from kitfox.core import Code, RPCError
from kitfox.schema import PROBLEM_MEDIA_TYPE, Problem

PROBLEM_TYPE: Final = PROBLEM_MEDIA_TYPE.encode()

# As google.rpc.Code documents its HTTP mapping.
STATUS: Final[Mapping[Code, int]] = {
    Code.OK: 200,
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

# What a code alone cannot say, by the reason in the error's details: this request would be right
# with another key (draft-ietf-httpapi-idempotency-key-header, 2.7).
_BY_REASON: Final[Mapping[object, int]] = {"idempotency_key_reused": 422}

# What goes with a 401 (RFC 9110, 11.6.1).
CHALLENGE: Final = (b"www-authenticate", b"Bearer")

# For answers that carry no problem document: a proxy's, or another kind of server's.
_CODE: Final[Mapping[int, Code]] = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.UNIMPLEMENTED,
    405: Code.UNIMPLEMENTED,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ABORTED,
    413: Code.RESOURCE_EXHAUSTED,
    415: Code.UNIMPLEMENTED,
    422: Code.INVALID_ARGUMENT,
    429: Code.RESOURCE_EXHAUSTED,
    431: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    501: Code.UNIMPLEMENTED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}

_TITLES: Final[Mapping[int, str]] = {499: "Client Closed Request"}
_WORDS: Final[Mapping[str, Code]] = {code.word: code for code in Code if code is not Code.OK}

_SECONDS: Final = re.compile(r"[0-9]{1,9}")


class _Document(msgspec.Struct, frozen=True):
    """What a caller reads of a problem document; others may leave out what ours always says."""

    detail: str = ""
    code: str = ""
    details: dict[str, object] = {}


class Refused(Exception):
    """A request that HTTP itself answers, with the status that HTTP has for it."""

    def __init__(
        self, status: int, code: Code, text: str, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        super().__init__(text)
        self.status = status
        self.error = RPCError.of(code, text)
        self.headers = headers


def status_of(error: RPCError) -> int:
    """Return the status for an error."""
    reason = error.details.get("reason")
    return (isinstance(reason, str) and _BY_REASON.get(reason)) or STATUS[error.code]


def problem_of(error: RPCError, status: int | None = None) -> tuple[int, bytes]:
    """Return the status and the document for an error."""
    number = status_of(error) if status is None else status
    problem = Problem(
        type="about:blank",
        title=_TITLES.get(number) or HTTPStatus(number).phrase,
        status=number,
        detail=error.message.encode("utf-8", "replace").decode(),
        code=error.code.word,
        details=dict(error.details),
    )
    try:
        return number, msgspec.json.encode(problem)
    except (TypeError, ValueError, OverflowError, RecursionError):
        # What JSON cannot say must not hide the error itself.
        plain = error.message.encode("utf-8", "replace").decode()
        plain_problem = msgspec.structs.replace(problem, detail=plain, details={})
        return number, msgspec.json.encode(plain_problem)


def error_of(status: int, body: bytes, wait: str = "") -> RPCError:
    """Return the error that an answer other than 200 stands for, whoever gave it.

    `wait` is its Retry-After, which counts in seconds; a date would want two clocks to agree.
    """
    try:
        problem = msgspec.json.decode(body, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Document()
    if (code := _WORDS.get(problem.code)) is not None:
        return RPCError.of(code, problem.detail, problem.details)
    text = problem.detail or f"the answer was HTTP {status}"
    details = {"retry_after": float(wait)} if _SECONDS.fullmatch(wait) else {}
    return RPCError.of(_CODE.get(status, Code.UNKNOWN), text, details)
