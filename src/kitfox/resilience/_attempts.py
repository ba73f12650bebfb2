"""What attempts at one call tell each other, and the hops below."""

from typing import Final

from kitfox.core import Call, served_call
from kitfox.scope import Deadline

ATTEMPT: Final = "kitfox-attempt"
"""Beside a further attempt: which one it is, from 2 on."""

REFUSED: Final = "refused"
"""In an error's details: the path of the method that the server refused before it began.

It says which: an error that a handler lets through, of a call of its own, does not speak for it.
"""


def is_further(call: Call) -> bool:
    """Whether it is no first attempt, so that others have been made or are being made."""
    return ATTEMPT in call.plain_metadata()


def is_under_another(call: Call) -> bool:
    """Whether more attempts would multiply those of somebody else.

    That is so when this is a further attempt itself, or a call that the handler of one makes. The
    mark then goes on to the hops below.
    """
    served = served_call()
    if served is None or not is_further(served):
        return is_further(call)
    call.metadata[ATTEMPT] = served.metadata[ATTEMPT]
    return True


def further(call: Call, number: int, deadline: Deadline | None) -> Call:
    """Return the call for attempt `number`, from 2 on."""
    attempt = call.again(deadline=deadline)
    attempt.metadata[ATTEMPT] = str(number)
    return attempt


def adopt(call: Call, attempt: Call) -> None:
    """Let `call` end as this attempt at it did."""
    call.tried = attempt.tried
    call.reply_metadata.clear()
    call.reply_metadata.update(attempt.reply_metadata)
