"""The keeper of one process, where a real process would be too quick to see how it was asked."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kitfox.app._keeper import Keeper
from kitfox.app._life import Patience
from kitfox.app._plan import Plan
from kitfox.app._process_table import ProcessTable, State
from kitfox.app._restart import Restart
from kitfox.scope import fail_after


class Asked:
    """A process that lives until it is killed, and remembers how it was asked to end."""

    pid = 7

    def __init__(self) -> None:
        self.signals: list[str] = []
        self._over = asyncio.Event()

    def terminate(self) -> None:
        self.signals.append("terminate")

    def kill(self) -> None:
        self.signals.append("kill")
        self._over.set()

    async def wait(self) -> int:
        await self._over.wait()
        return -signal.SIGKILL


class Kept:
    """A keeper and its process, whose start waits until it is let go."""

    def __init__(self) -> None:
        self.process = Asked()
        self.launches = asyncio.Event()
        self.launch_may_end = asyncio.Event()
        self.table = ProcessTable(["a"], lambda _: None)
        self.keeper = Keeper(
            Plan(name="a", command=(), folder=Path()),
            self.table,
            Restart(),
            Patience(stop=3600),
            draw=lambda: 0.0,
            wrote=lambda *_: None,
        )

    @asynccontextmanager
    async def launch(self, plan, ear) -> AsyncIterator[Asked]:
        self.launches.set()
        await self.launch_may_end.wait()
        yield self.process


@asynccontextmanager
async def kept() -> AsyncIterator[Kept]:
    made = Kept()
    async with fail_after(10):
        keeping = asyncio.create_task(made.keeper.keep(made.launch))
        made.keeper.start()
        await made.launches.wait()
        yield made
        await keeping
    assert made.table.row("a").state is State.STOPPED


async def runs(made: Kept) -> None:
    made.launch_may_end.set()
    while made.table.row("a").pid is None:
        await asyncio.sleep(0)


async def test_to_kill_is_not_to_ask_first():
    async with kept() as made:
        await runs(made)
        made.keeper.kill()
        assert made.process.signals == ["kill"]


async def test_who_was_asked_already_is_killed_without_another_word():
    async with kept() as made:
        await runs(made)
        made.keeper.stop()
        assert made.process.signals == ["terminate"]
        made.keeper.kill()
        assert made.process.signals == ["terminate", "kill"]


async def test_a_process_that_is_being_started_is_killed_as_soon_as_it_can_be():
    async with kept() as made:
        made.keeper.kill()
        made.launch_may_end.set()
    assert made.process.signals == ["kill"]
