"""The members of a cluster as its set of instances changes."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from math import inf

from kitfox.app._member import Member, Review
from kitfox.balancing import History, Node, Subset
from kitfox.core import Connection, Middleware
from kitfox.registry import Instance

_log = logging.getLogger("kitfox.cluster")

Dial = Callable[[str], Connection]
Guard = Callable[[Node], Middleware]
"""Makes what each call on a node passes: a breaker of its own, say."""


class Members:
    """A member for each instance that can be called, by id.

    Of an instance's addresses the one is dialled whose scheme comes first in `schemes`. Who stays
    where it was keeps its node and its connection; who is back keeps its node.
    """

    def __init__(
        self,
        dial: Dial,
        schemes: Iterable[str],
        *,
        subset: Subset | None,
        guard: Guard | None,
        review: Review,
    ) -> None:
        self._dial = dial
        self._schemes = tuple(schemes)
        self._subset = subset
        self._guard = guard
        self._review = review
        self._history = History()
        self.by_id: Mapping[str, Member] = {}
        self._first = True  # nobody is older than the nodes of the first set: they start at once
        self._retiring: dict[asyncio.Task[None], Member] = {}

    def __iter__(self) -> Iterator[Node]:
        """Iterate over the nodes, by their ids."""
        return (member.node for member in self.by_id.values())

    def replace(self, instances: Collection[Instance], now: float) -> None:
        """Take another set of instances; retire who is not among them."""
        before, self.by_id = self.by_id, self._merged(instances, now)
        self._first = False
        for member in {*before.values()} - {*self.by_id.values()}:
            self._history.keep(member.node, now)
            self._retire(member)

    async def aclose(self) -> None:
        """Close all connections, whatever runs on them."""
        members = [*self.by_id.values(), *self._retiring.values()]
        for retiring in tuple(self._retiring):
            retiring.cancel()
        await asyncio.gather(*(member.close() for member in members))

    def _retire(self, member: Member) -> None:
        retiring = asyncio.create_task(member.retire())
        self._retiring[retiring] = member
        retiring.add_done_callback(self._retiring.pop)

    def _merged(self, instances: Collection[Instance], now: float) -> Mapping[str, Member]:
        members: dict[str, Member] = {}
        for instance in sorted(self._wanted(instances), key=lambda instance: instance.id):
            if (member := self._member(instance, now)) is not None:
                members[instance.id] = member
        return members

    def _wanted(self, instances: Collection[Instance]) -> Iterable[Instance]:
        """Return this client's instances; those that drain are kept in sight and count for none."""
        if self._subset is None:
            return instances
        ours = self._subset.of(instance.id for instance in instances if instance.weight > 0)
        return (each for each in instances if each.id in ours or each.weight <= 0)

    def _member(self, instance: Instance, now: float) -> Member | None:
        """Return the member that an instance is; None when it cannot be called."""
        if (address := self._address(instance)) is None:
            return None
        member = self.by_id.get(instance.id)
        if member is None or member.node.address != address:
            member = self._dialled(instance, address, now)
        if member is not None:
            member.node.weight, member.node.metadata = instance.weight, instance.metadata
        return member

    def _dialled(self, instance: Instance, address: str, now: float) -> Member | None:
        try:
            connection = self._dial(address)
        except ValueError as error:  # one that is registered wrongly must not cost the others
            _log.warning("instance %s of %s is left out: %s", instance.id, instance.service, error)
            return None
        node = self._node(instance.id, address, now)
        guard = None if self._guard is None else self._guard(node)
        return Member(node, connection, guard, self._review)

    def _node(self, id: str, address: str, now: float) -> Node:
        if (node := self._history.recall(id, address, now)) is None:
            return Node(id, address=address, since=-inf if self._first else now)
        node.readmit(now)  # to register is a sign of life
        return node

    def _address(self, instance: Instance) -> str | None:
        """Return the address of the wire that this cluster likes best; None if it knows none."""
        by_scheme = {address.partition(":")[0]: address for address in reversed(instance.addresses)}
        return next((by_scheme[scheme] for scheme in self._schemes if scheme in by_scheme), None)
