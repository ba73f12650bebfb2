"""What kitfox's own connections can do beyond ASGI, which spends more on an answer than we do.

A connection of ours stands in the scope's `state`. With any other ASGI server there is none, and
when ours declines, ASGI is the way all the same.
"""

from typing import Final, Protocol

from kitfox.net import ASGIScope, ClientWatch, Send

STATE: Final = "kitfox.connection"


class Direct(Protocol):
    """A connection that can be spoken to without ASGI."""

    watches: set[ClientWatch]
    peer: str
    identity: str  # what its certificate says, or ""

    def whole_body(self, scope: ASGIScope) -> bytes | None:
        """Return a request's body, or None when not all of it has arrived."""
        ...

    def answer(self, scope: ASGIScope, send: Send, fields: bytes, body: bytes) -> bool:
        """Answer a request with status 200; False: nothing was done, and ASGI has to do it.

        `fields` are the lines of its headers, each with its end; they are valid as they are, name
        the body's length, and do not close the connection.
        `send` is how the application would answer: if it is not the connection's own, somebody
        in between wants to see the answer.
        """
        ...


def direct_of(scope: ASGIScope) -> Direct | None:
    """Return the connection that a request came over, if it is one of ours."""
    state: dict[str, Direct] = scope.get("state", {})
    return state.get(STATE)
