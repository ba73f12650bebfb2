"""The tasks of a loop as a tree: below each task stand those that it waits for.

That is known of a task that awaits another, or a `gather`, and of the tasks of a TaskGroup, which
ours are as well. What a task waits for by an event or a queue, nobody knows.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import FrameType
from typing import Any, Final, TypeGuard, cast

from kitfox.health._stacks import Task, block_of, frames_of, name_of, place
from kitfox.scope import Block

_MOST: Final = 1000  # tasks on a page

Below = Mapping[Task, Sequence[Task]]
Line = tuple[int, Task]


def task_tree(loop: asyncio.AbstractEventLoop, *, now: float, verbose: bool = False) -> str:
    """Write the tasks of a loop, and where each is. `now` is the loop's time; any thread may ask.

    Of a task's scope it is shown how many seconds are left, and whether it is over; verbose, each
    place is shown in which the task awaits the next.
    """
    tasks = sorted(asyncio.all_tasks(loop), key=_by_name)
    running = asyncio.current_task(loop)
    lines = [f"{len(tasks)} tasks" + (f", the first {_MOST}" if len(tasks) > _MOST else "")]
    for depth, task in islice(tree(tasks, below(tasks)), _MOST):
        lines += _lines(task, "  " * depth, now, running=task is running, verbose=verbose)
    return "\n".join(lines)


def below(tasks: Iterable[Task]) -> Below:
    """Return the tasks that each waits for."""
    known = list(tasks)
    found: dict[Task, list[Task]] = {task: list(_awaited(task)) for task in known}
    for task in known:
        parent = _parent(task)
        if parent in found and task not in found[parent]:
            found[parent].append(task)
    return found


def tree(tasks: Sequence[Task], below: Below) -> Iterator[Line]:
    """Yield each task once with its depth: first those that none waits for, with all below them.

    What is left then waits for itself, in a circle.
    """
    waited_for = {task for children in below.values() for task in children}
    seen: set[Task] = set()
    roots = [task for task in tasks if task not in waited_for]
    for root in (*roots, *tasks):
        yield from _descend(root, below, seen)


def _descend(root: Task, below: Below, seen: set[Task]) -> Iterator[Line]:
    """Walk down without calls: chains of tasks may be longer than Python's stack."""
    left = [(0, root)]
    while left:
        depth, task = left.pop()
        if task not in seen:
            seen.add(task)
            yield depth, task
            left += [(depth + 1, each) for each in reversed(below.get(task, ()))]


def _lines(task: Task, indent: str, now: float, *, running: bool, verbose: bool) -> list[str]:
    frames = list(frames_of(task))
    where = "runs" if running else f"waits at {_waits(frames)}"  # who runs is at no certain place
    first = f"{indent}{name_of(task)}: {where}{_scope(block_of(task), now)}"
    return [first, *(f"{indent}  | {place(frame)}" for frame in frames)] if verbose else [first]


def _scope(block: Block | None, now: float) -> str:
    """Say how a task's scope stands; a task that has outlived its own may have been forgotten."""
    if block is None:
        return ""
    if block.over:
        return ", its scope is over"
    return "" if block.deadline is None else f", {block.deadline.at - now:.1f} s left"


def _by_name(task: Task) -> tuple[int, str]:
    """Sort Task-3 before Task-29."""
    return len(task.get_name()), task.get_name()


def _waits(frames: Sequence[FrameType]) -> str:
    """Return the last place that is not asyncio's own."""
    others = [frame for frame in frames if not _is_asyncio(frame)]
    return next((place(frame) for frame in reversed(others or frames)), "its start")


def _is_asyncio(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith("asyncio.")


def _awaited(task: Task) -> Iterator[Task]:
    """Yield the tasks that a task awaits; what asyncio knows of that has no public name."""
    waiter = getattr(task, "_fut_waiter", None)
    for each in (waiter, *getattr(waiter, "_children", ())):
        if _is_task(each):
            yield each


def _is_task(found: object) -> TypeGuard[Task]:
    return isinstance(found, asyncio.Task)


def _parent(task: Task) -> Task | None:
    """Return the task whose TaskGroup a task is of: the group waits for it by a callback."""
    callbacks = cast("list[tuple[Callable[..., Any], Any]] | None", getattr(task, "_callbacks", ()))
    for callback, _ in callbacks or ():
        group = getattr(callback, "__self__", None)
        if isinstance(group, asyncio.TaskGroup):
            return cast("Task | None", getattr(group, "_parent_task", None))
    return None
