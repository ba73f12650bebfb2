"""How much a call matters, for when not all of them can be served.

A call carries its class in the metadata `kitfox-criticality`, and a handler's own calls carry on
that of the call it serves: what matters to a user matters all the way down. (Site Reliability
Engineering, chapter 21, https://sre.google/sre-book/handling-overload/)
"""

from collections.abc import Awaitable
from enum import Enum
from typing import Final

from kitfox.core import Call, Endpoint, Middleware, served_call


class Criticality(Enum):
    """What is given up first, and what last."""

    CRITICAL = "critical"
    """Never given up: what users wait for, and what keeps the system running."""
    DEFAULT = "default"
    SHEDDABLE = "sheddable"
    """Given up first: what is done again later, or by nobody."""


CRITICALITY: Final = "kitfox-criticality"

_WORDS: Final = {criticality.value: criticality for criticality in Criticality}


def criticality_of(call: Call) -> Criticality:
    """Return a call's class; what says nothing, or nothing known, is DEFAULT."""
    return _WORDS.get(call.metadata.get(CRITICALITY, ""), Criticality.DEFAULT)


def carry_criticality() -> Middleware:
    """Let the calls of a handler be as critical as the one it serves, unless they say otherwise."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        def carry(call: Call, message: object) -> Awaitable[object]:
            served = served_call()
            if served is not None and (word := served.metadata.get(CRITICALITY)) is not None:
                call.metadata.setdefault(CRITICALITY, word)
            return endpoint(call, message)

        return carry

    return wrap
