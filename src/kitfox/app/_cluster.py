"""Many instances of a service as one connection.

A call picks a node, and runs on it. When nobody could be reached there, or the node's guard let no
call through, the call was never begun, and it moves on to the nodes it has not tried; whatever else
goes wrong is the caller's to know.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

from kitfox.app._members import Dial, Guard, Members
from kitfox.balancing import P2C, Among, Balancer, Candidates, Node
from kitfox.core import Call, Endpoint, Method, RPCError, Unavailable, Unreachable
from kitfox.registry import Resolver

_log = logging.getLogger("kitfox.cluster")


class Cluster(AbstractAsyncContextManager["Cluster"]):
    """A connection to whichever instances of a service there are.

    It watches the service while it is open. A call made before the first set is known waits for
    it; afterwards a service without instances is Unavailable at once. Of an instance's addresses it
    dials the one whose scheme comes first in `schemes`. A watch that fails or ends
    is begun again after `watch_again` seconds; until then the last set holds.

    `balancer` picks a node for each call (P2C), `among` those that it says; `guard` makes the
    middleware that every call on a node passes. A guard passes on the call it was given, no copy.
    """

    def __init__(
        self,
        service: str,
        *,
        resolver: Resolver,
        dial: Dial,
        schemes: Iterable[str] = ("http+unix", "http", "https"),
        balancer: Balancer | None = None,
        among: Among | None = None,
        guard: Guard | None = None,
        watch_again: float = 1.0,
    ) -> None:
        among = among or Among()
        self._service = service
        self._resolver = resolver
        self._balancer = balancer or P2C()
        self._candidates = Candidates(among)
        self._members = Members(
            dial, schemes, subset=among.subset, guard=guard, review=self._candidates.review
        )
        self._watch_again = watch_again
        self._clock: Callable[[], float]  # the loop's, when the cluster is open
        self._known = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch the service."""
        self._clock = asyncio.get_running_loop().time
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        self._known.set()  # nobody waits for a first set that will not come
        await self._members.aclose()

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method` on one instance or another."""

        def call_one(call: Call, message: object) -> Awaitable[object]:
            if self._known.is_set():
                return self._call(call, message)
            return self._call_later(call, message)

        return call_one

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that are known now; some may get no calls, for they drain or are ejected."""
        return tuple(self._members)

    async def _call(self, call: Call, message: object) -> object:
        left: tuple[str, ...] = ()  # the nodes that the call moved on from
        refusal: RPCError | None = None
        while True:
            now, tried = self._clock(), call.tried
            if tried or left:
                nodes = self._candidates.others(now, tried=tried, barred=left)
            else:
                nodes = self._candidates.at(now)
            if not nodes:
                raise refusal or self._nobody()
            node = self._balancer.pick(nodes, call, message, now)
            try:
                return await self._members.by_id[node.id].call(call, message, now)
            except RPCError as error:
                if call.tried is not tried and not isinstance(error, Unreachable):
                    raise
                refusal = error
            left += (node.id,)

    def _nobody(self) -> Unavailable:
        if count := len(self.nodes):
            return Unavailable(f"every instance of {self._service} is draining; there are {count}")
        return Unreachable(f"no instance of {self._service} is known")

    async def _call_later(self, call: Call, message: object) -> object:
        """Call when the first set is known."""
        if self._watcher is None:
            msg = f"the cluster of {self._service} is not open: enter it with `async with`"
            raise RuntimeError(msg)
        await self._known.wait()
        return await self._call(call, message)

    async def _watch(self) -> None:
        while True:
            try:
                await self._follow()
            except Exception:  # noqa: BLE001 - whatever a resolver raises, calls must go on
                _log.exception("watching %s failed; it is begun again", self._service)
            await asyncio.sleep(self._watch_again)

    async def _follow(self) -> None:
        async for instances in self._resolver.watch(self._service):
            self._members.replace(instances, self._clock())
            self._candidates.replace(self._members)
            self._known.set()
