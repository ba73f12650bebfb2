"""Who cancelled."""

import asyncio


def cancelled_from_outside() -> bool:
    """Whether somebody cancelled the running task, and not only what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
