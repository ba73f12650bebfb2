"""One call, as either side sees it while it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from kitfox.core._metadata import Metadata
from kitfox.core._method import Method
from kitfox.scope import Block, Deadline, innermost_block

Send = Callable[[object], Awaitable[None]]

# So often a sender that never has to wait lets the loop turn. Without it, a handler that yields
# without waiting would not hear, on a wire that takes all it is given, that its caller has left.
_BREATH = 32

_NO_SCOPES: Final[frozenset[str]] = frozenset()


async def nowhere(_: object) -> None:
    """Refuse an item: the `send` of calls whose method does not stream replies."""
    msg = "this call's method does not stream replies"
    raise RuntimeError(msg)


class Call(Block):
    """A call in progress; over when its endpoint returns.

    While it is served it is a block: its scope ends when its caller leaves, when its deadline
    passes, and when it is over.

    `metadata` came with the request (at a server) or goes with it (at a client).
    `reply_metadata` is what the server says beside its reply; complete when the call is over.
    `sent` counts the reply items that left by `send`; from the first on, no retry is possible.
    One `send` may be in flight at a time; awaiting it is the back-pressure.
    `peer` is the caller's address; `identity` is who the caller has proved to be, or "", and
    `scopes` what it may do. `tried` names the nodes that this call, or an earlier attempt at it,
    was given to.
    """

    __slots__ = (
        "_metadata",
        "_reply_metadata",
        "_send",
        "deadline",
        "identity",
        "method",
        "peer",
        "scopes",
        "sent",
        "tried",
    )

    carries = True  # what runs in it, and after it, knows it

    def __init__(
        self,
        method: Method,
        *,
        metadata: Metadata | None = None,
        deadline: Deadline | None = None,
        peer: str = "",
        identity: str = "",
        send: Send = nowhere,
    ) -> None:
        self.around = None
        self.over = False
        self.made = None
        self.method = method
        self._metadata = metadata  # most calls have none: both are made when somebody asks
        self._reply_metadata: Metadata | None = None
        self.deadline = deadline
        self.peer = peer
        self.identity = identity
        self.scopes: frozenset[str] = _NO_SCOPES
        self.tried: tuple[str, ...] = ()
        self.sent = 0
        self._send = send

    @property
    def metadata(self) -> Metadata:
        """What goes beside the request."""
        if self._metadata is None:
            self._metadata = Metadata()
        return self._metadata

    @property
    def reply_metadata(self) -> Metadata:
        """What comes beside the reply."""
        if self._reply_metadata is None:
            self._reply_metadata = Metadata()
        return self._reply_metadata

    def plain_metadata(self) -> dict[str, str]:
        """Return a copy of `metadata`, for a wire to write."""
        return {} if self._metadata is None else self._metadata.plain()

    def plain_reply_metadata(self) -> dict[str, str]:
        """Return a copy of `reply_metadata`, for a wire to write."""
        return {} if self._reply_metadata is None else self._reply_metadata.plain()

    async def send(self, message: object) -> None:
        """Send one reply item, and wait until there is room for the next."""
        await self._send(message)
        self.sent += 1
        if self.sent % _BREATH == 0:
            await asyncio.sleep(0)

    def again(self, *, deadline: Deadline | None) -> "Call":
        """Return a copy for another attempt, with a deadline of its own and no reply metadata."""
        copy = Call(self.method, deadline=deadline, peer=self.peer, send=self.send)
        if self._metadata is not None:
            copy._metadata = Metadata(self._metadata)
        copy.identity, copy.scopes, copy.tried = self.identity, self.scopes, self.tried
        return copy

    def __repr__(self) -> str:
        """Return the method's path and the peer."""
        return f"<Call {self.method.path} peer={self.peer or '-'}>"


def current_call() -> Call:
    """Return the call that the running handler serves.

    Raises:
        LookupError: no call is being served here.
    """
    if (call := served_call()) is None:
        msg = "no call is being served here; current_call() is for code that a handler runs"
        raise LookupError(msg)
    return call


def served_call() -> Call | None:
    """Return the call that the running handler serves, or None where none is served."""
    block = innermost_block()
    while block is not None and not isinstance(block, Call):
        block = block.around
    return block
