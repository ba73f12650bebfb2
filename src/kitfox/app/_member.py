"""A node of a cluster, and what calls are made on it with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from kitfox.balancing import Node
from kitfox.core import (
    Call,
    Connection,
    Endpoint,
    Kind,
    Method,
    Middleware,
    Outcome,
    RPCError,
    outcome_of,
    retry_after,
)

Review = Callable[[Node, float], None]
"""Sees a node on which a call was over at a time."""


@runtime_checkable
class Closable(Protocol):
    """What holds sockets of its own. Connections need not: a shared client may hold them."""

    async def aclose(self) -> None:
        """Close them."""
        ...


class Member:
    """A node, and the connection to it, with whatever guards it before.

    States: in the set → retired (no call is given to it) → closed, when its last call is over.
    """

    def __init__(
        self, node: Node, connection: Connection, guard: Middleware | None, review: Review
    ) -> None:
        self.node = node
        self._connection = connection
        self._guard = guard
        self._review = review
        self._clock = asyncio.get_running_loop().time
        self._running = 0  # a node that is back may have calls on its former connection too
        self._left: asyncio.Event | None = None  # set by the last call of a retired member
        self._endpoints: dict[Method, Endpoint] = {}

    async def call(self, call: Call, message: object, now: float) -> object:
        """Run a call here; the node learns from its end. `call.tried` tells if it got through."""
        endpoint = self._endpoints.get(call.method) or self._endpoint(call.method)
        tried = call.tried
        self._running += 1
        self.node.admit(now)
        try:
            reply = await endpoint(call, message)
        except BaseException as error:
            self._failed(call, error, now, given=call.tried is not tried)
            raise
        ended = self._clock()
        self._over(Outcome.GOOD, _length(call, now, ended), ended)
        return reply

    async def retire(self) -> None:
        """Close the connection when the last call on it is over."""
        self._left = asyncio.Event()
        if self._running:
            await self._left.wait()
        await self.close()

    async def close(self) -> None:
        """Close the connection, whatever runs on it."""
        if isinstance(self._connection, Closable):
            await self._connection.aclose()

    def _endpoint(self, method: Method) -> Endpoint:
        """Make what calls of a method pass: the guard, the note that they did, the connection."""
        endpoint = self._connection.endpoint(method)

        def give(call: Call, message: object) -> Awaitable[object]:
            call.tried += (self.node.id,)
            return endpoint(call, message)

        self._endpoints[method] = give if self._guard is None else self._guard(give)
        return self._endpoints[method]

    def _failed(self, call: Call, error: BaseException, begun: float, *, given: bool) -> None:
        ended = self._clock()
        if not given:  # the guard kept it: the node knows nothing of it
            self._over(Outcome.NEITHER, None, ended)
        elif isinstance(error, RPCError) and retry_after(error) is not None:
            self.node.decline()
            self._over(Outcome.NEITHER, None, ended)
        else:
            self._over(outcome_of(call, error, ended), _length(call, begun, ended), ended)

    def _over(self, outcome: Outcome, seconds: float | None, ended: float) -> None:
        self._running -= 1
        self.node.record(outcome, seconds, ended)
        self._review(self.node, ended)
        if self._left is not None and not self._running:
            self._left.set()


def _length(call: Call, begun: float, ended: float) -> float | None:
    """Return how long a call took; None for streams, which last as long as they like."""
    return ended - begun if call.method.kind is Kind.UNARY else None
