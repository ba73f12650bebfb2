"""Many instances of a service as one connection.

A call picks a node, and runs on it. When nobody could be reached there, the call was never sent,
and it moves on to the nodes it has not tried; whatever else goes wrong is the caller's to know.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from kitfox.balancing import Balancer, Node, RoundRobin
from kitfox.core import Call, Connection, Endpoint, Method, Unavailable, Unreachable
from kitfox.registry import Instance, Resolver

_log = logging.getLogger("kitfox.cluster")

Dial = Callable[[str], Connection]


@runtime_checkable
class Closable(Protocol):
    """What holds sockets of its own. Connections need not: a shared client may hold them."""

    async def aclose(self) -> None:
        """Close them."""
        ...


class _Member:
    """A node, the address it was dialled at, and what calls are made with.

    States: in the set → retired (no call is given to it) → closed, when its last call is over.
    """

    def __init__(self, instance: Instance, address: str, connection: Connection) -> None:
        self.node = Node(instance.id, instance.weight)
        self.address = address
        self._left: asyncio.Event | None = None  # set by the last call of a retired member
        self._connection = connection
        self._endpoints: dict[Method, Endpoint] = {}

    async def call(self, method: Method, call: Call, message: object) -> object:
        """Run a call here, counted as in flight until it is over."""
        if (endpoint := self._endpoints.get(method)) is None:
            endpoint = self._endpoints[method] = self._connection.endpoint(method)
        self.node.in_flight += 1
        try:
            return await endpoint(call, message)
        finally:
            self.node.in_flight -= 1
            if self._left is not None and not self.node.in_flight:
                self._left.set()

    async def retire(self) -> None:
        """Close the connection when the last call on it is over."""
        self._left = asyncio.Event()
        if self.node.in_flight:
            await self._left.wait()
        await self.close()

    async def close(self) -> None:
        """Close the connection, whatever runs on it."""
        if isinstance(self._connection, Closable):
            await self._connection.aclose()


class Cluster(AbstractAsyncContextManager["Cluster"]):
    """A connection to whichever instances of a service there are.

    It watches the service while it is open. A call made before the first set is known waits for
    it; afterwards a service without instances is Unavailable at once. Of an instance's addresses it
    dials the one whose scheme comes first in `schemes`. A watch that fails or ends
    is begun again after `watch_again` seconds; until then the last set holds.
    """

    def __init__(
        self,
        service: str,
        *,
        resolver: Resolver,
        dial: Dial,
        schemes: Iterable[str] = ("http+unix", "http", "https"),
        balancer: Balancer | None = None,
        watch_again: float = 1.0,
    ) -> None:
        self._service = service
        self._resolver = resolver
        self._dial = dial
        self._schemes = tuple(schemes)
        self._balancer = balancer or RoundRobin()
        self._watch_again = watch_again
        self._members: Mapping[str, _Member] = {}
        self._known = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None
        self._retiring: dict[asyncio.Task[None], _Member] = {}

    async def __aenter__(self) -> Self:
        """Begin to watch the service."""
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
        await self._close_all()

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method` on one instance or another."""

        async def call_one(call: Call, message: object) -> object:
            if not self._known.is_set():
                await self._first_set()
            return await self._call(method, call, message)

        return call_one

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that calls may go to now."""
        return tuple(member.node for member in self._members.values())

    async def _call(self, method: Method, call: Call, message: object) -> object:
        left = dict(self._members)
        unreachable: Unreachable | None = None
        while left:
            node = self._balancer.pick([member.node for member in left.values()], call)
            try:
                return await left.pop(node.id).call(method, call, message)
            except Unreachable as error:
                unreachable = error
        if unreachable is not None:
            raise unreachable
        text = f"no instance of {self._service} is known"
        raise Unavailable(text)

    async def _first_set(self) -> None:
        if self._watcher is None:
            msg = f"the cluster of {self._service} is not open: enter it with `async with`"
            raise RuntimeError(msg)
        await self._known.wait()

    async def _watch(self) -> None:
        while True:
            try:
                await self._follow()
            except Exception:  # noqa: BLE001 - whatever a resolver raises, calls must go on
                _log.exception("watching %s failed; it is begun again", self._service)
            await asyncio.sleep(self._watch_again)

    async def _follow(self) -> None:
        async for instances in self._resolver.watch(self._service):
            before, self._members = self._members, self._merge(instances)
            self._known.set()
            for member in {*before.values()} - {*self._members.values()}:
                self._retire(member)

    def _retire(self, member: _Member) -> None:
        retiring = asyncio.create_task(member.retire())
        self._retiring[retiring] = member
        retiring.add_done_callback(self._retiring.pop)

    async def _close_all(self) -> None:
        members = [*self._members.values(), *self._retiring.values()]
        for retiring in tuple(self._retiring):
            retiring.cancel()
        await asyncio.gather(*(member.close() for member in members))

    def _merge(self, instances: Iterable[Instance]) -> Mapping[str, _Member]:
        """Return the members of the new set; who stays where it was keeps its node."""
        members: dict[str, _Member] = {}
        for instance in sorted(instances, key=lambda instance: instance.id):
            if (member := self._member(instance)) is not None:
                members[instance.id] = member
        return members

    def _member(self, instance: Instance) -> _Member | None:
        """Return the member that an instance is; None when it cannot be called."""
        if (address := self._address(instance)) is None:
            return None
        old = self._members.get(instance.id)
        if old is not None and old.address == address:
            old.node.weight = instance.weight
            return old
        try:
            return _Member(instance, address, self._dial(address))
        except ValueError as error:  # one that is registered wrongly must not cost the others
            _log.warning("instance %s of %s is left out: %s", instance.id, self._service, error)
            return None

    def _address(self, instance: Instance) -> str | None:
        """Return the address of the wire that this cluster likes best; None if it knows none."""
        by_scheme = {address.partition(":")[0]: address for address in reversed(instance.addresses)}
        return next((by_scheme[scheme] for scheme in self._schemes if scheme in by_scheme), None)
