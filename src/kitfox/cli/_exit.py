"""What a command ends with: the one table of exit codes, and errors as words for people."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    UNHEALTHY = 4
    DEADLINE = 5
    INTERRUPTED = 130


_CODES = {
    "INVALID_ARGUMENT": Exit.USAGE,
    "NOT_FOUND": Exit.NOT_FOUND,
    "UNIMPLEMENTED": Exit.NOT_FOUND,
    "UNAVAILABLE": Exit.UNHEALTHY,
    "DEADLINE_EXCEEDED": Exit.DEADLINE,
}


class Failed(Exception):
    """A command that failed in a way it understands: words for stderr, and a code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


def explained(error: Exception) -> Failed | None:
    """Turn an error into words and a code; None for one that is a fault of the program."""
    from kitfox.app import ConfigError, UnknownScheme
    from kitfox.core import RPCError
    from kitfox.net import TLSError
    from kitfox.supervisor import AlreadyRunningError

    match error:
        case Failed():
            return error
        case RPCError():
            code = _CODES.get(error.code.name, Exit.FAILED)
            return Failed(f"{error.code.word.replace('_', ' ')}: {error}", code)
        case ConfigError() | UnknownScheme() | TLSError():
            return Failed(str(error), Exit.USAGE)
        case TimeoutError():
            return Failed("no answer in time; --timeout gives it more", Exit.DEADLINE)
        case AlreadyRunningError():
            return Failed(str(error))
        case OSError():
            return Failed(_without_number(error))
        case _:
            return None


def _without_number(error: OSError) -> str:
    words = error.strerror or str(error)
    return f"{words}: {error.filename}" if error.filename else words
