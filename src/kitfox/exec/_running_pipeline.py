"""A pipeline that was started.

Rules:

- All members are waited for, as a shell does: one that reads no more lets those before it go on.
- The pipeline fails as its last failed member did. A member before the last that ended because
  nobody read it any more (SIGPIPE, or a shell's code for it) did not fail: `yes | head -1` is well.
- Stopping stops all members at once.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import TypeVar

from kitfox.exec._closing import Closing
from kitfox.exec._errors import ExitError
from kitfox.exec._exit import Exit
from kitfox.exec._pipe import LINE_LIMIT, Lines, PipeReader, PipeWriter
from kitfox.exec._running import Running

_T = TypeVar("_T")


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
        return verdict(await _all(_end_of(member) for member in self._members))

    async def stop(self, *, grace: float | None = None) -> tuple[Exit, ...]:
        """End all, and all that they started; see `Running.stop`."""
        return tuple(await _all(member.stop(grace=grace) for member in self._members))

    async def aclose(self) -> None:
        """Stop what still runs, and close the pipes."""
        await _all(member.aclose() for member in self._members)


async def _all(works: Iterable[Coroutine[object, object, _T]]) -> list[_T]:
    """Do all at once; when one fails, the others are cancelled, and that is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


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
