"""How long a process may take for what it does, and what follows when it takes longer."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kitfox.supervisor._life import End, Life, Patience
from kitfox.supervisor._plan import Plan
from kitfox.testing import virtual_time

PLAN = Plan(name="a", command=("a",), folder=Path(), ready_within=90.0, grace=52.0, silence=30.0)


class Asked:
    """A process that ends by SIGKILL alone, and remembers when it was asked to and how."""

    pid = 1

    def __init__(self, *, dies_of: str = "kill") -> None:
        self.asked: list[tuple[str, float]] = []
        self._dies_of = dies_of
        self._end = asyncio.Event()

    def terminate(self) -> None:
        self._hear("terminate")

    def abort(self) -> None:
        self._hear("abort")

    def kill(self) -> None:
        self._hear("kill")

    async def wait(self) -> int:
        await self._end.wait()
        return -signal.SIGKILL if self._dies_of == "kill" else -signal.SIGABRT

    def _hear(self, how: str) -> None:
        self.asked.append((how, asyncio.get_running_loop().time()))
        if how in ("kill", self._dies_of):
            self._end.set()


class Unseen:
    """Nobody who sees the life pass."""

    def runs(self, life, pid):
        pass

    def says(self, life, status):
        pass

    def ready(self, life):
        pass

    def wrote(self, line):
        pass


class Lived:
    """A life from its beginning, at 0 s, and its process."""

    def __init__(self, patience: Patience, dies_of: str) -> None:
        self.process = Asked(dies_of=dies_of)
        self.life = Life(1, PLAN, patience, Unseen())

    @asynccontextmanager
    async def launch(self, plan, ear) -> AsyncIterator[Asked]:
        yield self.process

    def says(self, **news: str) -> None:
        self.life.told(news)


@asynccontextmanager
async def ready(patience: Patience | None = None, *, dies_of: str = "kill"):
    """A life that is ready at once."""
    lived = Lived(patience or Patience(), dies_of)
    lived.end = asyncio.create_task(lived.life.run(lived.launch))
    await asyncio.sleep(0)
    lived.says(READY="1")
    yield lived
    lived.life.kill()
    await lived.end


@virtual_time
async def test_whoever_stops_a_process_waits_as_long_as_its_own_plan_says():
    async with ready() as lived:
        lived.life.leave()
        assert await lived.end == End(-9, "killed")
        assert lived.process.asked == [("terminate", 0.0), ("kill", 52.0)]


@virtual_time
async def test_who_is_less_patient_says_so():
    async with ready(Patience(stop=1.0)) as lived:
        lived.life.leave()
        await lived.end
        assert lived.process.asked == [("terminate", 0.0), ("kill", 1.0)]


@virtual_time
async def test_a_process_is_asked_to_end_once():
    async with ready() as lived:
        lived.life.leave()
        await asyncio.sleep(10)
        lived.life.leave()
        await lived.end
        assert lived.process.asked == [("terminate", 0.0), ("kill", 52.0)]


@virtual_time
async def test_who_says_that_it_stops_is_not_asked_to_and_has_the_grace():
    async with ready() as lived:
        await asyncio.sleep(10)
        lived.says(STOPPING="1")
        lived.life.leave()
        await lived.end
        assert lived.process.asked == [("kill", 62.0)]


@virtual_time
async def test_a_process_that_falls_silent_is_ended_where_it_is():
    async with ready(dies_of="abort") as lived:
        lived.says(WATCHDOG="1")
        await asyncio.sleep(29)
        lived.says(WATCHDOG="1")
        assert await lived.end == End(-6, "its event loop was blocked for 30 s")
        assert lived.process.asked == [("abort", 60.0)]


@virtual_time
async def test_what_was_said_before_it_was_ready_counts_from_when_it_is():
    lived = Lived(Patience(), "abort")
    life = asyncio.create_task(lived.life.run(lived.launch))
    await asyncio.sleep(10)
    lived.says(WATCHDOG="1")
    await asyncio.sleep(10)
    lived.says(READY="1")
    await life
    assert lived.process.asked == [("abort", 51.0)]


@virtual_time
async def test_a_silent_process_that_does_not_end_is_killed():
    async with ready() as lived:
        lived.says(WATCHDOG="1")
        assert (await lived.end).how == "its event loop was blocked for 30 s"
        assert lived.process.asked == [("abort", 31.0), ("kill", 36.0)]


@virtual_time
async def test_what_was_said_in_time_and_heard_late_counts():
    async with ready() as lived:
        lived.says(WATCHDOG="1")
        await asyncio.sleep(30.5)
        lived.says(WATCHDOG="1")
        await asyncio.sleep(29)
        assert lived.process.asked == []


@virtual_time
async def test_who_never_said_that_its_loop_turns_may_be_silent():
    async with ready() as lived:
        await asyncio.sleep(3600)
        assert lived.process.asked == []


@virtual_time
async def test_a_process_that_stops_is_not_expected_to_say_that_its_loop_turns():
    async with ready() as lived:
        lived.says(WATCHDOG="1")
        lived.life.leave()
        lived.says(WATCHDOG="1")
        await asyncio.sleep(51)
        assert lived.process.asked == [("terminate", 0.0)]


@virtual_time
async def test_a_process_that_is_not_ready_in_its_time_says_where_it_is_before_it_is_killed():
    lived = Lived(Patience(), "kill")
    life = asyncio.create_task(lived.life.run(lived.launch))
    await asyncio.sleep(0)
    lived.says(WATCHDOG="1")
    assert (await life).how == "not ready within 90 s; ready_within gives it more"
    assert lived.process.asked == [("abort", 90.0), ("kill", 95.0)]
