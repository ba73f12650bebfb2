"""What running code stands in: one block in another, each with a deadline and a scope.

Rules:

- A task stands in the block that it was started in, until it enters one of its own.
- The scope of a block is made when somebody asks: most blocks end before anybody does.
- It ends with its block, however that is left. Who still stands in it then, as a task may that
  was started inside, stands in a scope that is over.
- What a block was in it forgets when both are over, or tasks that start each other would pile up
  blocks for ever. Only what carries values is remembered.
"""

import asyncio
from contextvars import ContextVar
from threading import Lock
from typing import ClassVar

from kitfox.scope._clock import LoopClock
from kitfox.scope._deadline import Deadline
from kitfox.scope._ending import Node, root
from kitfox.scope._values import Values

_in_force: ContextVar["Block | None"] = ContextVar("kitfox_block", default=None)

# Makes a block the innermost one for the rest of the running task, or until it is left.
enter = _in_force.set
leave = _in_force.reset
innermost = _in_force.get


class Block:
    """A stretch of running code.

    Attributes:
        around: the block that this one is in.
        carries: whether it has values of its own.
        deadline: what is in force inside: the earliest of its own and those around it.
        loop: where its code runs, once it does.
        over: whether it was left.
    """

    __slots__ = ("_node", "around", "loop", "over")

    carries: ClassVar[bool] = False
    # Held while a scope is made, for two threads may ask for the same one.
    _making: ClassVar[Lock] = Lock()

    deadline: Deadline | None

    def __init__(self, around: "Block | None" = None) -> None:
        self.around = around
        self.loop: asyncio.AbstractEventLoop | None = None
        self.over = False
        self._node: Node | None = None

    @property
    def node(self) -> Node:
        """The place of this block's scope among all scopes. Any thread may ask."""
        if (node := self._node) is None:
            above = self._first() if self.around is None else self.around.node
            with self._making:
                if (node := self._node) is None:
                    node = self._node = self._placed(above)
            if self.over:  # it was left before there was anything to end
                node.cancel()
        return node

    @property
    def values(self) -> Values | None:
        """What is carried here."""
        return None if self.around is None else self.around.values

    def end(self, cause: BaseException | None = None) -> None:
        """End the scope, as the block is left, or before."""
        if cause is not None:
            self.node.cancel(cause)
        self.over = True
        if self._node is not None:
            self._node.cancel()

    def _first(self) -> Node:
        return root(LoopClock(self.loop or asyncio.get_running_loop()))

    def _placed(self, above: Node) -> Node:
        """Return a new place, below the one of the block around."""
        return above.child(self.deadline)
