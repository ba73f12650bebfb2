"""The canonical RPC codes and the one family of exceptions that carries them.

What a handler raises is what its caller catches, over any wire. The codes and their meaning are
those of google.rpc.Code; each wire owns the table that maps them to its own status.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar, Final


class Code(IntEnum):
    """The outcome of a call, as google.rpc.Code numbers it."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16

    @property
    def word(self) -> str:
        """The code in lower case, as texts and documents spell it: `not_found`."""
        return self.name.lower()


class RPCError(Exception):
    """A call that failed. `message` is for people, `details` for programs.

    Details are what JSON can say; they reach the caller unchanged. Raise one of the subclasses,
    or `RPCError.of(code, …)` when the code is only known at run time.
    """

    code: ClassVar[Code] = Code.UNKNOWN

    def __init__(self, message: str = "", *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details or {}

    def __str__(self) -> str:
        """Return the message, or the code's word when there is none."""
        return self.message or self.code.word.replace("_", " ")

    @staticmethod
    def of(
        code: Code, message: str = "", details: Mapping[str, object] | None = None
    ) -> "RPCError":
        """Return an error of the subclass that belongs to `code`.

        Raises:
            ValueError: `code` is OK, which is no error.
        """
        if code is Code.OK:
            msg = "OK is not an error"
            raise ValueError(msg)
        return _FAMILY[code](message, details=details)


class Cancelled(RPCError):
    """The caller gave up."""

    code = Code.CANCELLED


class Unknown(RPCError):
    """A peer failed in a way that it could not name."""

    code = Code.UNKNOWN


class InvalidArgument(RPCError):
    """The request is wrong whatever the state of the system is."""

    code = Code.INVALID_ARGUMENT


class DeadlineExceeded(RPCError, TimeoutError):
    """The deadline came before the answer. The work may have been done all the same."""

    code = Code.DEADLINE_EXCEEDED


class NotFound(RPCError):
    """What the request names does not exist."""

    code = Code.NOT_FOUND


class AlreadyExists(RPCError):
    """What the request wants to create exists."""

    code = Code.ALREADY_EXISTS


class PermissionDenied(RPCError):
    """The caller is known and may not do this."""

    code = Code.PERMISSION_DENIED


class ResourceExhausted(RPCError):
    """A quota, a limit or a store is used up."""

    code = Code.RESOURCE_EXHAUSTED


class FailedPrecondition(RPCError):
    """The system is not in the state that the request needs; trying again will not help."""

    code = Code.FAILED_PRECONDITION


class Aborted(RPCError):
    """Another call got in between; start again from the reading."""

    code = Code.ABORTED


class OutOfRange(RPCError):
    """The request reaches past the end of something."""

    code = Code.OUT_OF_RANGE


class Unimplemented(RPCError):
    """The peer has no such method, or its wire cannot carry it."""

    code = Code.UNIMPLEMENTED


class Internal(RPCError):
    """The peer broke one of its own promises. What exactly is in its log, not here."""

    code = Code.INTERNAL


class Unavailable(RPCError):
    """Nobody could take the call now; another instance or another moment may."""

    code = Code.UNAVAILABLE


class Unreachable(Unavailable):
    """Nobody was reached, so the call was never sent: any method is safe to try elsewhere."""


class DataLoss(RPCError):
    """Data is lost or corrupt beyond repair."""

    code = Code.DATA_LOSS


class Unauthenticated(RPCError):
    """The caller did not say who it is, or could not prove it."""

    code = Code.UNAUTHENTICATED


_FAMILY: Final[Mapping[Code, type[RPCError]]] = {
    error.code: error
    for error in (
        Cancelled,
        Unknown,
        InvalidArgument,
        DeadlineExceeded,
        NotFound,
        AlreadyExists,
        PermissionDenied,
        ResourceExhausted,
        FailedPrecondition,
        Aborted,
        OutOfRange,
        Unimplemented,
        Internal,
        Unavailable,
        DataLoss,
        Unauthenticated,
    )
}
