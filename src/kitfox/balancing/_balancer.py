"""Which of several nodes takes a call."""

from collections.abc import Sequence
from typing import Protocol

from kitfox.balancing._node import Node
from kitfox.core import Call


class Balancer(Protocol):
    """Chooses without I/O and without waiting."""

    def pick(self, nodes: Sequence[Node], call: Call, message: object, now: float) -> Node:
        """Return the one of `nodes` that takes `call` with its `message`; `now` is the loop's time.

        They are at least one, always in the same order, and the very same sequence for as long as
        neither the set nor a weight changes: what was worked out of it may be kept.
        """
        ...
