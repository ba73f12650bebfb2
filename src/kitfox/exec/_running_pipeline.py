"""A pipeline that was started.

Rules:

- All members are waited for, as a shell does: one that reads no more lets those before it go on.
- The pipeline fails as its last failed member did. A member before the last that ended because
  nobody read it any more (SIGPIPE, or a shell's code for it) did not fail: `yes | head -1` is well.
- Stopping stops all members at once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

from kitfox.exec._closing import Closing
from kitfox.exec._errors import ExitError
from kitfox.exec._exit import Exit
from kitfox.exec._pipe import LINE_LIMIT, Lines, PipeReader, PipeWriter
from kitfox.exec._running import Running


class RunningPipeline(Closing):
    """A started pipeline; made by `Pipeline.start`. Leaving its block stops what still runs."""

    def __init__(self, members: Sequence[Running]) -> None:
        self._members = tuple(members)

    @property
    def members(self) -> tuple[Running, ...]:
        """Its commands, in the order of the pipeline."""
        return self._members

    @property
    def stdin(self) -> PipeWriter:
        """What the first reads, with stdin=PIPE."""
        return self._members[0].stdin

    @property
    def stdout(self) -> PipeReader:
        """What the last writes, with stdout=PIPE."""
        return self._members[-1].stdout

    def lines(self, *, limit: int = LINE_LIMIT) -> AsyncIterator[str]:
        """Give each line of the last's stdout=PIPE, and at the end do what `wait` does."""
        return Lines(self.stdout, limit, self.wait)

    async def wait(self) -> tuple[Exit, ...]:
        """Wait for the end of all; raises what `Running.wait` raises for the last that failed.

        Cancelled, it stops all.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_end_of(member)) for member in self._members]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return verdict([task.result() for task in tasks])

    async def stop(self, *, grace: float | None = None) -> tuple[Exit, ...]:
        """End all, and all that they started; see `Running.stop`."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(member.stop(grace=grace)) for member in self._members]
        return tuple(task.result() for task in tasks)

    async def aclose(self) -> None:
        """Stop what still runs, and close the pipes."""
        async with asyncio.TaskGroup() as group:
            for member in self._members:
                group.create_task(member.aclose())


async def _end_of(member: Running) -> Exit | ExitError:
    """Give a member's failure as a value: it is no reason to stop the others."""
    try:
        return await member.wait()
    except ExitError as error:
        return error


def verdict(ends: Sequence[Exit | ExitError]) -> tuple[Exit, ...]:
    """Say how a pipeline ended, from how each member did; ExitError of the last that failed."""
    last = len(ends) - 1
    for position in range(last, -1, -1):
        end = ends[position]
        if isinstance(end, ExitError) and not (position < last and end.exit.broken_pipe):
            raise end
    return tuple(end.exit if isinstance(end, ExitError) else end for end in ends)
