"""What running code stands in: one block in another, each with a deadline and a scope.

Rules:

- A task stands in the block that it was started in, until it enters one of its own.
- The scope of a block is made when somebody asks: most blocks end before anybody does.
- It ends with its block, however that is left. Who still stands in it then, as a task may that
  was started inside, stands in a scope that is over.
- What a block was in it forgets when both are over, or tasks that start each other would pile up
  blocks for ever. Only what carries something is remembered.
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
        carries: whether it has something of its own that those inside ask for.
        deadline: what is in force inside: the earliest of its own and those around it.
        loop: where its code runs; not there before it does.
        made: its scope's node, once somebody has asked for it.
        over: whether it was left.
    """

    __slots__ = ("around", "loop", "made", "over")

    carries: ClassVar[bool] = False
    # Held while a scope is made, for two threads may ask for the same one.
    _making: ClassVar[Lock] = Lock()

    deadline: Deadline | None
    loop: asyncio.AbstractEventLoop

    def __init__(self, around: "Block | None" = None) -> None:
        self.around = around
        self.over = False
        self.made: Node | None = None

    @property
    def node(self) -> Node:
        """The place of this block's scope among all scopes. Any thread may ask."""
        if (node := self.made) is None:
            above = self._first() if self.around is None else self.around.node
            with self._making:
                if (node := self.made) is None:
                    node = self.made = self._placed(above)
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
        if self.made is not None:
            self.made.cancel()

    def _first(self) -> Node:
        here = getattr(self, "loop", None)
        return root(LoopClock(here or asyncio.get_running_loop()))

    def _placed(self, above: Node) -> Node:
        """Return a new place, below the one of the block around."""
        return above.child(self.deadline)
