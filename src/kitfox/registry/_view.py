"""What a client knows of one service, merged from what the registry tells it.

Rules
1. A snapshot is a whole set: it replaces what was known, it is never added to it.
2. Within one subscription revisions only grow: a snapshot that is not newer than the last one is
   late or a duplicate, and is ignored.
3. A new subscription begins anew: its first snapshot is taken whatever its revision (the registry
   may have lost its state), but until it comes the last-known set stays in use.
4. What was known before, and a new subscription does not tell, is in doubt: it may be gone, or it
   may be about to register again with a registry that forgot it. It stays in use until `settle`.
"""

from kitfox.registry._instance import Instance, Snapshot


class View:
    """The last-known set of a service, and the revision that it is of."""

    def __init__(self, instances: frozenset[Instance] = frozenset()) -> None:
        self.instances = instances
        self.revision: int = -1
        self._told = frozenset[Instance]()
        self._in_doubt = instances

    def apply(self, snapshot: Snapshot) -> bool:
        """Take a snapshot or a sign of life. True if the set of instances changed."""
        if snapshot.instances is None or snapshot.revision <= self.revision:
            return False
        self.revision = snapshot.revision
        self._told = frozenset(snapshot.instances)
        ids = {instance.id for instance in self._told}
        self._in_doubt = frozenset(known for known in self._in_doubt if known.id not in ids)
        return self._know(self._told | self._in_doubt)

    def subscribed(self) -> None:
        """Begin a new subscription."""
        self.revision = -1
        self._in_doubt = self.instances

    def settle(self) -> bool:
        """Let go of what the subscription has not told by now. True if the set changed."""
        self._in_doubt = frozenset[Instance]()
        return self._know(self._told)

    def _know(self, instances: frozenset[Instance]) -> bool:
        known, self.instances = self.instances, instances
        return known != instances
