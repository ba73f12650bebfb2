"""What can be asked of a supervisor while it runs."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from kitfox.app import Config, ConfigError
from kitfox.core import FailedPrecondition, InvalidArgument, NotFound, Service, Unimplemented, rpc
from kitfox.supervisor._keeper import RestartFailedError
from kitfox.supervisor._process_table import Row
from kitfox.supervisor._supervisor import Supervisor

Restarted = Callable[[Sequence[str], Config], None]

TakeOver = Callable[[], Awaitable[str]]

_End = list[RestartFailedError]


class Step(msgspec.Struct, frozen=True):
    """One thing that happens in a restart: what a process does, or why it was not replaced.

    `words` are the last lines of the one that was to take its place.
    """

    name: str
    row: Row | None = None
    failure: str = ""
    words: tuple[str, ...] = ()


class Program(msgspec.Struct, frozen=True):
    """What a supervisor is: `number` counts the programs that have kept the system in its process.

    It is 2 after the first upgrade in place.
    """

    version: str
    pid: int
    number: int


class Supervision(Service, name="kitfox.v1.Supervisor"):
    """The processes of a system, for whoever runs them.

    `read` loads the configuration at a path, or the one the system was started with; `restarted`
    is told which names run as a configuration says. `take_over` runs the program that is there now
    in the place of this one, and only returns when that was not possible: why.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        read: Callable[[Path | None], Config],
        restarted: Restarted | None = None,
        take_over: TakeOver | None = None,
    ) -> None:
        self._supervisor = supervisor
        self._read = read
        self._restarted = restarted
        self._take_over = take_over
        self._hearing: set[asyncio.Queue[Row | None]] = set()
        self._restarting: set[asyncio.Task[_End]] = set()

    def changed(self, row: Row) -> None:
        """Tell those who wait for a restart."""
        for heard in self._hearing:
            heard.put_nowait(row)

    @rpc(idempotent=True)
    async def rows(self) -> list[Row]:
        """Tell what each process is doing."""
        return list(self._supervisor.rows)

    @rpc(idempotent=True)
    async def program(self) -> Program:
        """Tell which program this is."""
        return Program(version("kitfox"), os.getpid(), self._supervisor.number)

    @rpc
    async def upgrade(self) -> None:
        """Have the program that is installed now take over, in the same process.

        When it does, the connection ends without an answer; the next can be asked for `program`.
        FAILED_PRECONDITION with the reason when it does not, UNIMPLEMENTED when it never can.
        """
        if self._take_over is None:
            raise Unimplemented("this supervisor is part of another program")
        raise FailedPrecondition(f"not upgraded: {await self._take_over()}")

    @rpc
    async def stop(self) -> None:
        """End all processes kindly, in reverse order; said again, kill them."""
        self._supervisor.stop()

    @rpc
    async def restart(
        self,
        names: list[str],
        config: str = "",
        rolling: bool = False,  # noqa: FBT001, FBT002 - it is a field of a message
    ) -> AsyncIterator[Step]:
        """Have new processes take the places of those that run, when they are ready.

        A name is that of a service, for all its replicas, or of one process; with `rolling` one
        follows the other. A restart goes on when nobody listens any more. FAILED_PRECONDITION when
        one was not replaced, INVALID_ARGUMENT for a configuration that is wrong.
        """
        self._check(names)
        loaded = self._load(config)
        heard = asyncio.Queue[Row | None]()
        self._hearing.add(heard)
        try:
            restarting = self._begin(names, loaded, rolling=rolling)
            restarting.add_done_callback(lambda _: heard.put_nowait(None))
            while (row := await heard.get()) is not None:
                if row.name in names or row.name.partition("/")[0] in names:
                    yield Step(row.name, row)
        finally:
            self._hearing.discard(heard)
        for step in _failures(restarting.result()):
            yield step
        if failed := restarting.result():
            raise FailedPrecondition("; ".join(map(str, failed)))

    def _check(self, names: Sequence[str]) -> None:
        try:
            self._supervisor.check(names)
        except LookupError as error:
            raise NotFound(str(error)) from None

    def _load(self, path: str) -> Config:
        try:
            return self._read(Path(path) if path else None)
        except ConfigError as error:
            raise InvalidArgument(str(error)) from None

    def _begin(self, names: Sequence[str], config: Config, *, rolling: bool) -> asyncio.Task[_End]:
        task = asyncio.create_task(self._restart(names, config, rolling=rolling))
        self._restarting.add(task)
        task.add_done_callback(self._restarting.discard)
        return task

    async def _restart(self, names: Sequence[str], config: Config, *, rolling: bool) -> _End:
        failed = await self._supervisor.restart(names, config, rolling=rolling)
        if self._restarted and not failed:
            self._restarted(names, config)
        return failed


def _failures(failed: _End) -> list[Step]:
    return [Step(each.name, failure=str(each), words=each.words) for each in failed]
