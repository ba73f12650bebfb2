"""The supervisor with real processes: small scripts that notify, crash, hang and have children."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kitfox.app._config_schema import Config, ServiceConfig, System
from kitfox.scope import fail_after
from kitfox.supervisor._claim import AlreadyRunningError
from kitfox.supervisor._life import Patience
from kitfox.supervisor._process_table import Row, State
from kitfox.supervisor._restart import Restart
from kitfox.supervisor._supervisor import Supervisor

PRELUDE = """
import os, signal, socket, subprocess, sys, time

def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])

def hang(*_):
    while True:
        time.sleep(60)
"""

SERVES = "notify('READY=1\\nX_ADDRESS=http://127.0.0.1:1')\nhang()"
CLEAN = "signal.signal(signal.SIGTERM, lambda *_: sys.exit())\n" + SERVES
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVES
TELLS_PORT = """
held = socket.socket(fileno=int(os.environ["KITFOX_SOCKETS"].split()[0]))
print("port", held.getsockname()[1], flush=True)
"""
PARENT = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], {options})
print("child", child.pid, flush=True)
"""


RUN_SCRIPT = [sys.executable, "-I", "-S", "-c", "import os; exec(os.environ['SCRIPT'])"]


class Watched:
    """A supervisor, what it told, and a way to wait for what it tells."""

    def __init__(
        self,
        folder: Path,
        scripts: Mapping[str, str],
        *,
        needs: Mapping[str, tuple[str, ...]] = {},
        **options,
    ) -> None:
        self.rows: list[Row] = []
        self.lines: list[tuple[str, str]] = []
        self._news = asyncio.Event()
        services = {
            name: ServiceConfig(
                run="x:X", environment={"SCRIPT": PRELUDE + script}, needs=needs.get(name, ())
            )
            for name, script in scripts.items()
        }
        self.supervisor = Supervisor(
            Config(folder / "kitfox.toml", System(state=folder / "state"), services),
            **{
                "command": lambda *_: RUN_SCRIPT,
                "environ": os.environ,
                "changed": self._changed,
                "wrote": self._wrote,
                "restart": lambda: Restart(first=0.01),
                **options,
            },
        )

    def __getitem__(self, name: str) -> Row:
        return next(row for row in self.supervisor.rows if row.name == name)

    def states(self) -> set[State]:
        return {row.state for row in self.supervisor.rows}

    def history(self, name: str) -> list[State]:
        """The states a process went through, each once in a row."""
        states = [row.state for row in self.rows if row.name == name]
        return [state for at, state in enumerate(states) if states[at - 1 : at] != [state]]

    async def until(self, reached: Callable[[], object]) -> None:
        async with fail_after(10):
            while not reached():
                self._news.clear()
                await self._news.wait()

    async def ready(self) -> None:
        await self.until(lambda: self.states() == {State.READY})

    async def line(self, start: str) -> str:
        """The rest of the first line that begins so."""
        await self.until(lambda: any(line.startswith(start) for _, line in self.lines))
        return next(line for _, line in self.lines if line.startswith(start))[len(start) :]

    def _changed(self, row: Row) -> None:
        self.rows.append(row)
        self._news.set()

    def _wrote(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._news.set()


@asynccontextmanager
async def running(folder: Path, scripts: Mapping[str, str], **options) -> AsyncIterator[Watched]:
    system = Watched(folder, scripts, **options)
    task = asyncio.create_task(system.supervisor.run())
    try:
        yield system
        system.supervisor.stop()
        async with fail_after(10):
            await task
    finally:
        task.cancel()
        await asyncio.wait([task])


def lives(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


async def gone(*pids: int) -> None:
    async with fail_after(10):
        while any(lives(pid) for pid in pids):
            await asyncio.sleep(0.01)


async def test_a_process_is_ready_when_it_says_so(tmp_path: Path):
    async with running(tmp_path, {"a": SERVES}) as system:
        await system.ready()
        assert system["a"].addresses == ("http://127.0.0.1:1",)
        assert lives(system["a"].pid or 0)
    assert system.history("a") == ["starting", "ready", "stopping", "stopped"]


async def test_a_status_is_shown(tmp_path: Path):
    async with running(tmp_path, {"a": "notify('STATUS=reading 7 files')\nhang()"}) as system:
        await system.until(lambda: system["a"].status == "reading 7 files")
        assert system["a"].state is State.STARTING


async def test_a_need_is_ready_before_its_dependent_starts_and_stops_after_it(tmp_path: Path):
    needs = {"portal": ("grading",)}
    async with running(tmp_path, {"portal": CLEAN, "grading": CLEAN}, needs=needs) as system:
        await system.ready()
    told = [(row.name, row.state) for row in system.rows]
    assert told.index(("grading", State.READY)) < told.index(("portal", State.STARTING))
    assert told.index(("portal", State.STOPPED)) < told.index(("grading", State.STOPPING))


async def test_a_need_that_falls_does_not_keep_its_dependent_from_starting(tmp_path: Path):
    scripts = {"portal": SERVES, "grading": "sys.exit(2)", "logs": "sys.exit(1)"}
    async with running(tmp_path, scripts, needs={"portal": ("grading", "logs")}) as system:
        await system.until(lambda: system["portal"].state is State.READY)


async def test_a_killed_process_is_started_again(tmp_path: Path):
    async with running(tmp_path, {"a": SERVES, "b": SERVES}) as system:
        await system.ready()
        first, other = system["a"].pid, system["b"].pid
        assert first
        os.kill(first, signal.SIGKILL)
        await system.until(lambda: system["a"].restarts == 1 and system["a"].state is State.READY)
        assert system["a"].pid != first
        assert system["b"].pid == other
        fallen = next(row for row in system.rows if row.state is State.BACKING_OFF)
        assert fallen.status == "killed; again in 0.0 s"


async def test_a_process_that_ends_by_itself_is_started_again(tmp_path: Path):
    async with running(tmp_path, {"a": "print('once', flush=True)"}) as system:
        await system.until(lambda: system["a"].restarts == 2)
        assert any(row.status.startswith("exit 0; again in") for row in system.rows)


async def test_a_process_that_says_used_wrongly_has_failed_and_the_others_go_on(tmp_path: Path):
    system = Watched(tmp_path, {"a": "sys.exit(2)", "b": SERVES})
    task = asyncio.create_task(system.supervisor.run())
    await system.until(lambda: system.states() == {State.FAILED, State.READY})
    assert system["a"].status == "exit 2"
    system.supervisor.stop()
    async with fail_after(10):
        assert not await task


async def test_whoever_calls_a_service_that_was_given_up_is_refused(tmp_path: Path):
    async with running(tmp_path, {"a": TELLS_PORT + "sys.exit(2)", "b": SERVES}) as system:
        port = int(await system.line("port "))
        await system.until(lambda: system.states() == {State.FAILED, State.READY})
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_when_nobody_is_left_the_supervisor_ends(tmp_path: Path):
    async with fail_after(10):
        assert not await Watched(tmp_path, {"a": "sys.exit(2)"}).supervisor.run()


async def test_a_process_that_is_not_ready_in_time_is_killed_and_tried_again(tmp_path: Path):
    async with running(tmp_path, {"a": "hang()"}, patience=Patience(start=0.05)) as system:
        await system.until(lambda: system["a"].restarts == 2)
        assert any(row.status.startswith("not ready within 0.05 s; ") for row in system.rows)


async def test_a_process_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path):
    async with running(tmp_path, {"a": DEAF}, patience=Patience(stop=0.05)) as system:
        await system.ready()
        pid = system["a"].pid
    assert pid
    assert not lives(pid)
    assert system["a"].status == "killed"


async def test_a_second_stop_kills_at_once(tmp_path: Path):
    async with running(tmp_path, {"a": DEAF, "b": DEAF}, patience=Patience(stop=3600)) as system:
        await system.ready()
        pids = [row.pid or 0 for row in system.supervisor.rows]
        system.supervisor.stop()
        await system.until(lambda: State.STOPPING in system.states())
    assert not any(map(lives, pids))


async def test_a_second_stop_kills_what_the_processes_started_too(tmp_path: Path):
    script = PARENT.format(options="") + DEAF
    async with running(tmp_path, {"a": script}, patience=Patience(stop=3600)) as system:
        await system.ready()
        child = int(await system.line("child "))
        system.supervisor.stop()
        assert lives(child)
    await gone(child)


async def test_what_a_killed_process_started_is_killed_with_it(tmp_path: Path):
    script = PARENT.format(options="") + SERVES
    async with running(tmp_path, {"a": script}) as system:
        await system.ready()
        child = int(await system.line("child "))
        assert lives(child)
        os.kill(system["a"].pid or 0, signal.SIGKILL)
        await gone(child)


async def test_somebody_who_keeps_the_pipe_open_does_not_hide_the_end_of_a_process(tmp_path: Path):
    script = PARENT.format(options="start_new_session=True") + "sys.exit(1)"
    slow = {"restart": lambda: Restart(first=3600, longest=3600)}
    async with running(tmp_path, {"a": script}, **slow) as system:
        stray = int(await system.line("child "))
        try:
            await system.until(lambda: system["a"].state is State.BACKING_OFF)
            assert lives(stray)
        finally:
            os.kill(stray, signal.SIGKILL)


async def test_lines_carry_their_service_and_a_long_one_is_cut(tmp_path: Path):
    script = "print('x' * 40_000, file=sys.stderr)\nprint('last', end='')\nsys.exit(2)"
    system = Watched(tmp_path, {"a": script})
    async with fail_after(10):
        await system.supervisor.run()
    lines = [line for _, line in system.lines]
    assert sum(map(len, lines[:-1])) == 40_000
    assert max(map(len, lines)) <= 16_384
    assert lines[-1] == "last"
    assert {name for name, _ in system.lines} == {"a"}


async def test_a_command_that_cannot_be_started_is_tried_again(tmp_path: Path):
    async with running(tmp_path, {"a": ""}, command=lambda *_: ["/no/such/command"]) as system:
        await system.until(lambda: system["a"].restarts == 2)
        assert any("cannot be started" in row.status for row in system.rows)


async def test_stopping_while_it_backs_off_does_not_wait(tmp_path: Path):
    slow = {"restart": lambda: Restart(first=3600, longest=3600)}
    async with running(tmp_path, {"a": "sys.exit(1)"}, **slow) as system:
        await system.until(lambda: system["a"].state is State.BACKING_OFF)
    assert system["a"].state is State.STOPPED


async def test_stopping_before_anything_started_starts_nothing(tmp_path: Path):
    system = Watched(tmp_path, {"a": SERVES})
    system.supervisor.stop()
    async with fail_after(10):
        assert await system.supervisor.run()
    assert State.READY not in system.history("a")
    assert system["a"].state is State.STOPPED


async def test_a_supervisor_that_is_cancelled_leaves_no_process(tmp_path: Path):
    system = Watched(tmp_path, {"a": DEAF})
    task = asyncio.create_task(system.supervisor.run())
    await system.ready()
    pid = system["a"].pid or 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(pid)


async def test_two_supervisors_do_not_run_in_one_folder(tmp_path: Path):
    async with running(tmp_path, {"a": SERVES}) as system:
        await system.ready()
        with pytest.raises(
            AlreadyRunningError, match=rf"already running \(pid {os.getpid()}\) in "
        ):
            await Watched(tmp_path, {"a": SERVES}).supervisor.run()
    async with running(tmp_path, {"a": SERVES}) as system:
        await system.ready()
