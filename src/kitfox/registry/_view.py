"""What a client knows of one service, merged from what the registry tells it.

Rules
1. A snapshot is a whole set: it replaces what was known, it is never added to it.
2. Within one subscription revisions only grow: a snapshot that is not newer than the last one is
   late or a duplicate, and is ignored.
3. A new subscription begins anew: its first snapshot is taken whatever its revision (the registry
   may have lost its state), but until it comes the last-known set stays in use.
"""

from kitfox.registry._instance import Instance, Snapshot


class View:
    """The last-known set of a service, and the revision that it is of."""

    def __init__(self, instances: frozenset[Instance] = frozenset()) -> None:
        self.instances = instances
        self.revision: int = -1

    def apply(self, snapshot: Snapshot) -> bool:
        """Take a snapshot or a sign of life. True if the set of instances changed."""
        if snapshot.instances is None or snapshot.revision <= self.revision:
            return False
        self.revision = snapshot.revision
        known, self.instances = self.instances, frozenset(snapshot.instances)
        return known != self.instances

    def subscribed(self) -> None:
        """Begin a new subscription."""
        self.revision = -1
