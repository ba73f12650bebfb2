"""How scopes end: a tree of nodes, without I/O; its clock is given to it.

Rules:

- A node ends once: by `cancel`, at its deadline, or with its parent. What came first stays.
- A node ends with its parent at the latest, for the same reason; its own end is its own affair.
- Who looks is told at once: `ending` compares the clock and asks the nodes above. So nothing has
  to be told to a node, and only what somebody watches is known to its parent, and has a timer.
  What is forgotten leaves no trace.
- Who watches is told once, the parent's watchers before the children's, by the thread that
  notices; by then the whole subtree has ended. The lock is free meanwhile: who is told may do
  with the tree what he likes, but must neither block nor raise.
- Any thread may do anything. One lock holds a tree together.
"""

from collections.abc import Callable, Iterator
from threading import RLock
from typing import NamedTuple

from kitfox.scope._clock import Clock
from kitfox.scope._deadline import Deadline
from kitfox.scope._errors import ScopeCancelled, ScopeEnded, ScopeTimeout

Told = Callable[[], object]


class Ending(NamedTuple):
    """When a node ended, and why. `err` is to be looked at; what is raised is made by `raised`."""

    at: float
    err: ScopeEnded
    given: BaseException | None = None  # the cause, if one was given

    @property
    def cause(self) -> BaseException:
        """Why it did; nothing more than `err` if nobody gave a reason."""
        return self.err if self.given is None else self.given

    def raised(self) -> ScopeEnded:
        """Return an error like `err`: each raise adds to an error's traceback, and keeps that."""
        return type(self.err)(*self.err.args)


def _cancelled(at: float, cause: BaseException | None) -> Ending:
    return Ending(at, ScopeCancelled("the scope was cancelled"), cause)


def _late(at: float, cause: BaseException | None) -> Ending:
    return Ending(at, ScopeTimeout("the scope's deadline has passed"), cause)


class _Tree:
    """What the nodes of a tree share. `apart`: it was made to be free of another one."""

    __slots__ = ("apart", "clock", "lock")

    def __init__(self, clock: Clock, *, apart: bool = False) -> None:
        self.clock = clock
        self.apart = apart
        self.lock = RLock()  # a finalizer may come in while the same thread holds it


class Node:
    """One place in the tree. `deadline` is the earliest of its own and those above."""

    __slots__ = (
        "attached",
        "children",
        "deadline",
        "ended",
        "late_cause",
        "parent",
        "stop_timer",
        "timed",
        "tree",
        "watchers",
    )

    def __init__(
        self,
        tree: _Tree,
        parent: "Node | None" = None,
        deadline: Deadline | None = None,
        late_cause: BaseException | None = None,
    ) -> None:
        above = None if parent is None else parent.deadline
        # Later than what is in force, or as late: the node above sees to it.
        self.timed = deadline is not None and (above is None or deadline.at < above.at)
        self.deadline: Deadline | None = deadline if self.timed else above
        self.late_cause = late_cause
        self.tree = tree
        self.parent = parent
        self.ended: Ending | None = None
        self.children: dict[Node, None] = {}
        self.watchers: dict[object, Told] = {}
        self.attached = False
        self.stop_timer: Callable[[], None] | None = None

    @property
    def clock(self) -> Clock:
        """The clock of the tree."""
        return self.tree.clock

    def child(
        self, deadline: Deadline | None = None, late_cause: BaseException | None = None
    ) -> "Node":
        """Return a node that ends with this one, or before."""
        return Node(self.tree, self, deadline, late_cause)

    def apart(self) -> "Node":
        """Return a node that nothing ends, in a tree of its own."""
        return Node(_Tree(self.clock, apart=True))

    def ending(self) -> Ending | None:
        """Return how this node ended, if it has."""
        with self.tree.lock:
            return self.settled()

    def cancel(self, cause: BaseException | None = None) -> None:
        """End now, with all below. Does nothing to a node that has ended."""
        self._end(_cancelled(self.clock.now(), cause))

    def expire(self) -> None:
        """End as at the deadline, which somebody else has seen pass."""
        self._end(_late(self.clock.now(), self.late_cause))

    def watch(self, tell: Told) -> Callable[[], bool]:
        """Call `tell` once, when this node has ended; now, if it has.

        Returns what takes that back, and says whether it came in time.
        """
        watcher = object()
        with self.tree.lock:
            if self.settled() is None:
                self.watchers[watcher] = tell
                self.attach()
                return lambda: self._unwatch(watcher)
        tell()
        return lambda: False

    def _unwatch(self, watcher: object) -> bool:
        with self.tree.lock:
            in_time = self.watchers.pop(watcher, None) is not None
            self.rest()
        return in_time

    def _end(self, ending: Ending) -> None:
        with self.tree.lock:
            if self.settled() is None:
                self.ended = ending
            told = list(self._take())
        for tell in told:
            tell()

    def settled(self) -> Ending | None:
        """Look upward for what has ended, then let those on the way down know."""
        path: list[Node] = []
        node: Node | None = self
        while node is not None and node.ended is None:
            path.append(node)
            node = node.parent
        found = None if node is None else node.ended
        now = self.clock.now()
        for node in reversed(path):
            found = node.ended = node.earlier(found, now)
        return found

    def earlier(self, above: Ending | None, now: float) -> Ending | None:
        """Return what came first: the deadline of this node's own, or the end above."""
        if not self.timed or self.deadline is None or self.deadline.at > now:
            return above
        if above is not None and above.at <= self.deadline.at:
            return above
        return _late(self.deadline.at, self.late_cause)

    def _take(self) -> Iterator[Told]:
        """Give what is to be told of this node's end and of those below, from the top down."""
        for node in _subtree(self):
            node.settled()
            yield from node.watchers.values()
            node.watchers.clear()
        for node in reversed(list(_subtree(self))):
            node.rest()

    def attach(self) -> None:
        """Let the nodes above know of this one, and set the timers that it needs."""
        node: Node | None = self
        while node is not None and not node.attached:
            node.attached = True
            if node.timed and node.deadline is not None:
                node.stop_timer = self.clock.call_at(node.deadline.at, node.expire)
            if node.parent is not None:
                node.parent.children[node] = None
            node = node.parent

    def rest(self) -> None:
        """Let the nodes above forget those that nobody watches any more."""
        node: Node | None = self
        while node is not None and node.attached and not (node.watchers or node.children):
            node.attached = False
            if node.stop_timer is not None:
                node.stop_timer()
                node.stop_timer = None
            if node.parent is not None:
                del node.parent.children[node]
            node = node.parent


def root(clock: Clock) -> Node:
    """Return the first node of a tree. Nothing ends it."""
    return Node(_Tree(clock))


def _subtree(top: Node) -> Iterator[Node]:
    """Give a node and all known below it, each before its children."""
    nodes = [top]
    for node in nodes:  # which grows meanwhile
        nodes += node.children
        yield node
