"""Deadlines and cancellation: how long the running code may take, known to all it calls."""

from kitfox.scope._ambient import (
    DeadlineScope as DeadlineScope,
    current_deadline as current_deadline,
    deadline_scope as deadline_scope,
    fail_after as fail_after,
)
from kitfox.scope._deadline import Deadline as Deadline, earliest as earliest

__all__ = [
    "Deadline",
    "DeadlineScope",
    "current_deadline",
    "deadline_scope",
    "earliest",
    "fail_after",
]
