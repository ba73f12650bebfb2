"""What the end of a call says about the server that it ran on.

| end | outcome |
|---|---|
| a reply | good |
| UNAVAILABLE, INTERNAL, UNKNOWN, DEADLINE_EXCEEDED, DATA_LOSS | fault |
| cancelled when the call's deadline was over: the server was late | fault |
| RESOURCE_EXHAUSTED, CANCELLED | neither: a quota and a caller's mind say nothing of health |
| cancelled before its deadline, or whatever else broke on this side | neither |
| every other code | good: the server did its work, and the request was wrong |

Breakers, balancers and retries read this table, so that no two of them disagree.
"""

import asyncio
from enum import Enum
from typing import Final

from kitfox.core._call import Call
from kitfox.core._status import Code, RPCError


class Outcome(Enum):
    """Whether a call speaks for its server, against it, or not at all."""

    GOOD = "good"
    FAULT = "fault"
    NEITHER = "neither"


# The loop's timers may fire so much before their time, seconds.
_EARLY: Final = 0.002
_FAULTS: Final = frozenset(
    {Code.UNAVAILABLE, Code.INTERNAL, Code.UNKNOWN, Code.DEADLINE_EXCEEDED, Code.DATA_LOSS}
)
_SILENT: Final = frozenset({Code.RESOURCE_EXHAUSTED, Code.CANCELLED})


def outcome_of(call: Call, error: BaseException | None, now: float) -> Outcome:
    """Return what the end of `call` says about its server; `now` is the loop's time."""
    if error is None:
        return Outcome.GOOD
    if isinstance(error, RPCError):
        return _of_code(error.code)
    if isinstance(error, asyncio.CancelledError) and call.deadline is not None:
        # Nothing else shows a server that went silent: it is the caller who ends the wait.
        return Outcome.FAULT if call.deadline.at <= now + _EARLY else Outcome.NEITHER
    return Outcome.NEITHER


def _of_code(code: Code) -> Outcome:
    if code in _FAULTS:
        return Outcome.FAULT
    return Outcome.NEITHER if code in _SILENT else Outcome.GOOD


def retry_after(error: RPCError) -> float | None:
    """Return the seconds after which the server wants to be asked again; None if it said nothing.

    It says so in the error's details, as `{"retry_after": 1.5}`, which travel over every wire.
    """
    seconds = error.details.get("retry_after")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        return None
    return float(seconds)
