"""The keeper of one process, where a real process would be too quick to see how it was asked."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace

from kitfox.scope import fail_after
from kitfox.supervisor._keeper import Keeper, RestartFailedError
from kitfox.supervisor._life import Patience
from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process_table import ProcessTable, Row, State
from kitfox.supervisor._restart import Restart

OLD = Plan(name="a", command=("old",), folder=Path(), ready_within=3600, grace=3600, silence=3600)
NEW = replace(OLD, command=("new",))
IN_TURN = replace(NEW, overlap=False)


class Asked:
    """A process that lives until it is told to end, and remembers how it was asked."""

    def __init__(self, plan: Plan, ear, pid: int) -> None:
        self.plan = plan
        self.pid = pid
        self.signals: list[str] = []
        self.ended = False
        self._ear = ear
        self._end = asyncio.get_running_loop().create_future()

    def terminate(self) -> None:
        self.signals.append("terminate")

    def abort(self) -> None:
        self.signals.append("abort")
        self.end(-signal.SIGABRT)

    def kill(self) -> None:
        self.signals.append("kill")
        self.end(-signal.SIGKILL)

    def end(self, code: int = 0) -> None:
        if not self._end.done():
            self._end.set_result(code)

    def ready(self) -> None:
        self._ear.told({"READY": "1", "X_ADDRESS": f"http://127.0.0.1:{self.pid}"})

    def wrote(self, line: str) -> None:
        self._ear.wrote(line)

    async def wait(self) -> int:
        code = await self._end
        self.ended = True
        return code


class Kept:
    """A keeper and its processes, whose starts wait until they may."""

    def __init__(self, *, wait: float = 3600.0, **patience: float) -> None:
        self.processes: list[Asked] = []
        self.lines: list[str] = []
        self.launches = asyncio.Event()
        self.launch_may_end = asyncio.Event()
        self.table = ProcessTable(["a"], lambda _: None)
        self._pids = count(1)
        self.keeper = Keeper(
            OLD,
            self.table,
            Restart(first=wait, longest=wait),
            Patience(**patience),
            draw=lambda: 0.0,
            wrote=lambda _, line: self.lines.append(line),
        )

    @property
    def row(self) -> Row:
        return self.table.row("a")

    @property
    def last(self) -> Asked:
        return self.processes[-1]

    @asynccontextmanager
    async def launch(self, plan, ear) -> AsyncIterator[Asked]:
        self.launches.set()
        await self.launch_may_end.wait()
        self.processes.append(Asked(plan, ear, next(self._pids)))
        yield self.last

    async def runs(self, number: int = 1) -> Asked:
        """Wait until so many have been started; return the last."""
        self.launch_may_end.set()
        await self.until(lambda: len(self.processes) >= number)
        await self.until(lambda: self.last.pid in (self.row.pid, self.row.heir))
        return self.last

    async def serves(self) -> Asked:
        first = await self.runs()
        first.ready()
        return first

    async def until(self, reached) -> None:
        while not reached():
            await asyncio.sleep(0)

    def renew(self, plan: Plan = NEW) -> asyncio.Task[None]:
        return asyncio.create_task(self.keeper.renew(plan))


@asynccontextmanager
async def kept(**patience: float) -> AsyncIterator[Kept]:
    made = Kept(**patience)
    async with fail_after(10):
        keeping = asyncio.create_task(made.keeper.keep(made.launch))
        made.keeper.start()
        await made.launches.wait()
        yield made
        made.keeper.kill()
        await keeping
    assert made.row.state is State.STOPPED
    assert all(process.ended for process in made.processes)


async def test_to_kill_is_not_to_ask_first():
    async with kept() as made:
        process = await made.runs()
        made.keeper.kill()
        assert process.signals == ["kill"]


async def test_who_was_asked_already_is_killed_without_another_word():
    async with kept() as made:
        process = await made.runs()
        made.keeper.stop()
        assert process.signals == ["terminate"]
        made.keeper.kill()
        assert process.signals == ["terminate", "kill"]


async def test_a_process_that_is_being_started_is_killed_as_soon_as_it_can_be():
    async with kept() as made:
        made.keeper.kill()
        made.launch_may_end.set()
    assert made.last.signals == ["kill"]


async def test_a_new_life_begins_beside_the_old_and_takes_its_place_when_it_is_ready():
    async with kept() as made:
        old = await made.serves()
        renewing = made.renew()
        new = await made.runs(2)
        assert new.plan is NEW
        assert (made.row.state, made.row.pid, made.row.heir) == (State.RESTARTING, 1, 2)
        assert old.signals == []
        new.ready()
        await renewing
        assert old.signals == ["terminate"]
        assert (made.row.state, made.row.pid, made.row.leaving) == (State.READY, 2, (1,))
        assert made.row.addresses == ("http://127.0.0.1:2",)
        old.end()
        await made.until(lambda: made.row.leaving == ())
        assert (made.row.state, made.row.restarts) == (State.READY, 0)


async def test_a_new_life_that_ends_leaves_the_old_as_it_was_and_says_why():
    async with kept() as made:
        old = await made.serves()
        renewing = made.renew()
        new = await made.runs(2)
        for number in range(30):
            new.wrote(f"line {number}")
        new.end(2)
        with pytest.raises(RestartFailedError, match="a was not restarted: exit 2") as failed:
            await renewing
        assert failed.value.words == tuple(f"line {number}" for number in range(10, 30))
        assert old.signals == []
        assert (made.row.state, made.row.pid, made.row.heir) == (State.READY, 1, None)
        assert made.row.status == "not restarted: exit 2"
        old.end(1)
        await made.until(lambda: made.row.state is State.BACKING_OFF)
        again = made.renew(OLD)
        assert (await made.runs(3)).plan is OLD
    with pytest.raises(RestartFailedError, match="it was told to stop"):
        await again


async def test_a_new_life_that_is_never_ready_is_killed_and_the_old_goes_on():
    async with kept(start=0.01) as made:
        old = await made.serves()
        renewing = made.renew()
        new = await made.runs(2)
        with pytest.raises(RestartFailedError, match=r"not ready within 0\.01 s"):
            await renewing
        assert new.signals == ["abort"]
        assert old.signals == []


async def test_who_asks_while_a_restart_is_under_way_is_served_by_one_more():
    async with kept() as made:
        await made.serves()
        first = made.renew()
        new = await made.runs(2)
        others = [made.renew(), made.renew()]
        await asyncio.sleep(0)
        new.ready()
        await first
        third = await made.runs(3)
        third.ready()
        await asyncio.gather(*others)
        assert len(made.processes) == 3
        assert made.row.leaving == (1, 2)


async def test_a_restart_that_fails_is_followed_by_the_one_that_was_asked_for_meanwhile():
    async with kept() as made:
        await made.serves()
        first = made.renew()
        new = await made.runs(2)
        second = made.renew()
        await asyncio.sleep(0)
        new.end(1)
        with pytest.raises(RestartFailedError):
            await first
        (await made.runs(3)).ready()
        await second
        assert made.row.pid == 3


async def test_when_the_old_life_ends_during_a_restart_the_new_one_counts():
    async with kept() as made:
        old = await made.serves()
        renewing = made.renew()
        new = await made.runs(2)
        old.end(1)
        await made.until(lambda: made.row.pid == 2)
        assert (made.row.state, made.row.addresses, made.row.restarts) == (State.STARTING, (), 1)
        new.ready()
        await renewing
        assert made.row.state is State.READY


async def test_when_both_lives_end_during_a_restart_the_old_plan_is_tried_again():
    async with kept(wait=0.01) as made:
        old = await made.serves()
        renewing = made.renew()
        new = await made.runs(2)
        old.end(1)
        await made.until(lambda: made.row.pid == 2)
        new.end(1)
        with pytest.raises(RestartFailedError):
            await renewing
        assert made.row.state is State.BACKING_OFF
        assert (await made.runs(3)).plan is OLD


async def test_stopping_during_a_restart_ends_both_lives_kindly_and_says_so():
    async with kept() as made:
        old = await made.serves()
        renewing = made.renew()
        new = await made.runs(2)
        made.keeper.stop()
        with pytest.raises(RestartFailedError, match="it was told to stop"):
            await renewing
        assert old.signals == new.signals == ["terminate"]
        assert made.row.state is State.STOPPING
        old.end()
        await made.until(lambda: old.ended)
        assert made.row.state is State.STOPPING
        new.end()
        with pytest.raises(RestartFailedError, match="it is stopping"):
            await made.keeper.renew(NEW)


async def test_where_two_may_not_run_at_once_the_old_life_ends_first():
    async with kept() as made:
        old = await made.serves()
        renewing = made.renew(IN_TURN)
        await made.until(lambda: old.signals)
        assert len(made.processes) == 1
        assert made.row.state is State.RESTARTING
        old.end()
        new = await made.runs(2)
        assert made.row.state is State.STARTING
        new.ready()
        await renewing
        assert (made.row.state, made.row.restarts) == (State.READY, 0)


async def test_who_is_asked_while_it_backs_off_begins_at_once():
    async with kept() as made:
        (await made.serves()).end(1)
        await made.until(lambda: made.row.state is State.BACKING_OFF)
        renewing = made.renew()
        (await made.runs(2)).ready()
        await renewing
        assert made.last.plan is NEW


async def test_who_has_failed_begins_again_when_it_is_asked():
    async with kept() as made:
        (await made.runs()).end(2)
        await made.until(lambda: made.row.state is State.FAILED)
        renewing = made.renew()
        (await made.runs(2)).ready()
        await renewing


async def test_who_is_asked_before_it_is_ready_is_replaced_when_it_is():
    async with kept() as made:
        first = await made.runs()
        renewing = made.renew()
        await asyncio.sleep(0)
        assert len(made.processes) == 1
        first.ready()
        (await made.runs(2)).ready()
        await renewing
        assert first.signals == ["terminate"]


async def test_who_has_left_is_killed_when_it_takes_too_long():
    async with kept(stop=0.01) as made:
        old = await made.serves()
        renewing = made.renew()
        (await made.runs(2)).ready()
        await renewing
        await made.until(lambda: made.row.leaving == ())
        assert old.signals == ["terminate", "kill"]


async def test_who_leaves_is_not_asked_again_when_all_are_to_stop():
    async with kept() as made:
        old = await made.serves()
        renewing = made.renew()
        (await made.runs(2)).ready()
        await renewing
        made.keeper.stop()
        assert old.signals == made.last.signals == ["terminate"]
