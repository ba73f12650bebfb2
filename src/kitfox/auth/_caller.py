"""Who calls, and how a server finds out."""

from typing import NamedTuple, Protocol

from kitfox.core import Call
from kitfox.net import bearer_token

_NONE: frozenset[str] = frozenset()


class Caller(NamedTuple):
    """Who has proved to be calling, and what it may do."""

    identity: str
    scopes: frozenset[str] = _NONE


class Way(Protocol):
    """One way in which callers prove who they are."""

    async def caller(self, call: Call, /) -> Caller | None:
        """Return who calls; None when the call shows nothing that is for this way to judge.

        Raises:
            Unauthenticated: what the call shows proves nothing; the text may be read by anybody.
            Unavailable: it cannot be judged now.
        """
        ...


def bearer_of(call: Call) -> str | None:
    """Return the bearer token (RFC 6750) that a call shows, or None."""
    return bearer_token(call.metadata.get("authorization", ""))
