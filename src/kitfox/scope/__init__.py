"""Scopes: how long the running code may take and why it should stop, known to all it calls."""

from kitfox.scope._ambient import (
    DeadlineScope as DeadlineScope,
    MoveOnScope as MoveOnScope,
    current_deadline as current_deadline,
    deadline_scope as deadline_scope,
    fail_after as fail_after,
    move_on_after as move_on_after,
)
from kitfox.scope._block import Block as Block, enter as enter_block, innermost as innermost_block
from kitfox.scope._clock import Clock as Clock
from kitfox.scope._deadline import Deadline as Deadline, earliest as earliest
from kitfox.scope._done import Done as Done
from kitfox.scope._errors import (
    ScopeCancelled as ScopeCancelled,
    ScopeEnded as ScopeEnded,
    ScopeTimeout as ScopeTimeout,
)
from kitfox.scope._scope import (
    CancelScope as CancelScope,
    Scope as Scope,
    background as background,
    current_scope as current_scope,
)
from kitfox.scope._tasks import Tasks as Tasks, tasks as tasks, to_thread as to_thread
from kitfox.scope._values import Key as Key

__all__ = [
    "Block",
    "CancelScope",
    "Clock",
    "Deadline",
    "DeadlineScope",
    "Done",
    "Key",
    "MoveOnScope",
    "Scope",
    "ScopeCancelled",
    "ScopeEnded",
    "ScopeTimeout",
    "Tasks",
    "background",
    "current_deadline",
    "current_scope",
    "deadline_scope",
    "earliest",
    "enter_block",
    "fail_after",
    "innermost_block",
    "move_on_after",
    "tasks",
    "to_thread",
]
