"""Whole systems of real processes, which are all gone at the end, however a test went."""

import asyncio
import inspect
import json
import os
import re
import signal
import socket
import sys
import tomllib
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from kitfox.app import connect
from kitfox.net import HTTPClient, HTTPError
from kitfox.scope import fail_after
from kitfox.supervisor import Supervision

SCHOOL = Path(__file__).parents[2] / "examples" / "school"
PATIENCE = 45.0  # seconds for whatever processes do: others may keep the machine busy
MARK = "KITFOXES_OF"  # the environment variable that tells which test a process belongs to


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> object:
    """Poll other processes for something, which may have to be awaited, and return it."""
    async with fail_after(seconds):
        while not (found := await _value(condition())):
            await asyncio.sleep(0.02)
    return found


async def _value(result: object) -> object:
    return await result if inspect.isawaitable(result) else result


class Page(NamedTuple):
    """What a browser got."""

    status: int
    text: str


class Command:
    """A command that runs in a session of its own, as a terminal would run it."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self.pid = process.pid
        self.address = ""  # of a service that was waited for

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def written(self) -> int:
        """How many bytes it has written so far."""
        return self._log.stat().st_size

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def says(self, pattern: str, *, since: int = 0) -> re.Match[str]:
        """Wait for a line of its output, after a number of bytes of it."""

        def look() -> re.Match[str] | None:
            running = self.running
            found = re.search(pattern, self._lines(since), re.MULTILINE)
            assert running or found, f"{pattern} was never said"
            return found

        return await until(look)

    async def says_anew(self, pattern: str) -> re.Match[str]:
        """Wait for a line that it has not written yet."""
        return await self.says(pattern, since=self.written)

    def ctrl_c(self) -> None:
        os.killpg(self.pid, signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def ended(self) -> int:
        async with fail_after(PATIENCE):
            return await self._process.wait()

    def _lines(self, since: int) -> str:
        """Read the whole lines after a number of bytes."""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().rpartition(b"\n")[0].decode()


class System:
    """A system in a folder of its own; each of its processes carries its mark."""

    def __init__(self, folder: Path, config: str, http: HTTPClient) -> None:
        self.folder = folder
        self.http = http
        self._mark = uuid.uuid4().hex
        self._numbers = count()
        self._commands: list[Command] = []
        (folder / "kitfox.toml").write_text(config)
        settings = tomllib.loads(config).get("system", {})
        self._state = folder / settings.get("state", ".kitfox")
        self.registry = settings.get("registry", "")

    async def start(self, *command: str | Path) -> Command:
        """Start any program."""
        log = self.folder / f"output-{next(self._numbers)}"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self.folder,
                env={**os.environ, MARK: self._mark},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._commands.append(Command(process, log))
        return self._commands[-1]

    async def kitfox(self, *words: str) -> Command:
        """Start a command of kitfox."""
        return await self.start(sys.executable, "-m", "kitfox", *words)

    async def up(self, *flags: str) -> Command:
        """Start all services, and wait until they are ready."""
        command = await self.kitfox("up", *flags)
        await until(lambda: self._all_ready() or not command.running)
        assert command.running
        return command

    async def run(self, name: str, *flags: str) -> Command:
        """Start one service by hand, and wait until it is ready."""
        command = await self.kitfox("run", "--config", "kitfox.toml", "--service", name, *flags)
        command.address = (await command.says(r"kitfox\.run: ready at (\S+)"))[1]
        return command

    def rows(self) -> dict[str, dict]:
        """What `kitfox up` says of its services, by name; nothing before it does."""
        try:
            status = json.loads((self._state / "processes.json").read_bytes())
        except FileNotFoundError:
            return {}
        return {row["name"]: row for row in status["processes"]}

    @property
    def supervisor(self) -> str:
        """Where the supervisor can be asked."""
        return json.loads((self._state / "processes.json").read_bytes())["supervisor"]

    def address(self, name: str) -> str:
        return self.rows()[name]["addresses"][0]

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a service that `kitfox up` runs."""
        os.kill(self.rows()[name]["pid"], number)

    async def kill(self, name: str) -> None:
        """Kill a service that `kitfox up` runs; it knows when this returns."""
        pid = await until(lambda: self.rows()[name]["pid"])
        os.kill(pid, signal.SIGKILL)
        await until(lambda: self.rows()[name]["pid"] != pid)

    def is_back(self, name: str, restarts: int = 1) -> bool:
        row = self.rows()[name]
        return row["state"] == "ready" and row["restarts"] >= restarts

    async def get(self, url: str) -> Page:
        reply = await self.http.request("GET", url, idempotent=True)
        return Page(reply.status, reply.body.decode())

    async def post(self, url: str, **fields: object) -> Page:
        """Send a form."""
        return await self._send(url, "application/x-www-form-urlencoded", urlencode(fields))

    async def call(self, url: str, **fields: object) -> Page:
        """Call a method."""
        return await self._send(url, "application/json", json.dumps(fields))

    async def _send(self, url: str, kind: str, body: str) -> Page:
        headers = [(b"content-type", kind.encode())]
        reply = await self.http.request("POST", url, headers=headers, body=body.encode())
        return Page(reply.status, reply.body.decode())

    async def registered(self) -> set[str]:
        """The names of all services that the registry lists; none while it is away."""
        url = self.registry.removeprefix("original+")
        try:
            page = await self.get(f"{url}/services")
        except HTTPError:
            return set()
        return {provider["Name"] for provider in json.loads(page.text)}

    def processes(self) -> list[int]:
        """Everything that still runs, the children of children included."""
        mark = f"{MARK}={self._mark}".encode()
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):  # it has ended, or is somebody else's
                if mark in environ.read_bytes().split(b"\0"):
                    found.append(int(environ.parent.name))
        return found

    async def aclose(self) -> None:
        """Stop kindly what still runs; nothing may be left, and nothing have gone wrong inside."""
        stopping = [command for command in self._commands if command.running]
        for command in stopping:
            command.send(signal.SIGTERM)
        codes = [await command.ended() for command in stopping]
        await until(lambda: not self.processes())
        assert codes == [0] * len(codes)
        assert "Traceback" not in "".join(command.output for command in self._commands)

    async def wipe_out(self) -> None:
        """Leave nothing running, and show what all of it said: pytest does, when a test fails."""
        while left := self.processes():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.02)
        for command in self._commands:
            await command.ended()
            sys.stdout.write(f"---- {command.pid}\n{command.output}\n")

    def _all_ready(self) -> bool:
        rows = self.rows().values()
        return bool(rows) and all(row["state"] == "ready" for row in rows)


def on_own_ports(config: str, reserve: Callable[[], int]) -> str:
    """Return a configuration that names no fixed port of this machine."""
    ports = defaultdict[str, int](reserve, {"0": 0})
    return re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{ports[found[1]]}", config)


def config_of_school(name: str) -> str:
    """Return one of the school's configurations, to stand in another folder.

    Nobody serves on at a stop, until others have heard of it: few tests call then, all would wait.
    """
    text = (SCHOOL / name).read_text()
    text = re.sub(r"^run = .*", r'\g<0>\nnotice = "0s"', text, flags=re.MULTILINE)
    return text.replace("[system]\n", f"[system]\npath = {json.dumps(['.', str(SCHOOL)])}\n")


@pytest.fixture
def reserve_port():
    """Find ports that nobody else is given while the test runs.

    A socket that is bound and does not listen keeps each: the kernel hands out another, and who
    names this one, with SO_REUSEADDR as servers do, gets it.
    """
    with ExitStack() as stack:

        def reserve() -> int:
            kept = stack.enter_context(socket.socket())
            kept.bind(("127.0.0.1", 0))
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            return kept.getsockname()[1]

        yield reserve


@pytest.fixture
async def system(tmp_path, reserve_port):
    """Make systems of a configuration; all that they started has ended after the test."""
    systems = []

    def make(config: str) -> System:
        folder = tmp_path / str(len(systems))
        folder.mkdir()
        systems.append(System(folder, on_own_ports(config, reserve_port), http))
        return systems[-1]

    async with HTTPClient() as http:
        try:
            yield make
            for made in systems:
                await made.aclose()
        finally:
            for made in systems:
                await made.wipe_out()


@pytest.fixture
def school_config():
    """The configuration of examples/school, to be added to."""
    return config_of_school("kitfox.toml")


@pytest.fixture
def school(system, school_config) -> System:
    """The school of examples/school; nothing of it runs yet."""
    return system(school_config)


@pytest.fixture
def original(system) -> System:
    """The school that speaks the original protocol; nothing of it runs yet."""
    return system(config_of_school("original.toml"))


@pytest.fixture
def supervisor():
    """Ask the supervisor of a system that is up."""

    @asynccontextmanager
    async def asked(made: System) -> AsyncIterator[Supervision]:
        async with connect(made.supervisor) as connection:
            yield Supervision.client(connection)

    return asked


@pytest.fixture(name="until")
def until_fixture():
    return until
