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
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from kitfox.net import HTTPClient, HTTPError
from kitfox.scope import fail_after

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
    def running(self) -> bool:
        return self._process.returncode is None

    async def says(self, pattern: str, *, since: int = 0) -> re.Match[str]:
        """Wait for a line of its output, from a position in it on."""
        search = re.compile(pattern, re.MULTILINE).search

        def look() -> re.Match[str] | None:
            running = self.running
            found = search(self.output, since)
            assert running or found, f"{pattern} was never said"
            return found

        return await until(look)

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

    async def up(self) -> Command:
        """Start all services, and wait until they are ready."""
        command = await self.kitfox("up")
        await until(lambda: self._all_ready() or not command.running)
        assert command.running
        return command

    async def run(self, name: str, *flags: str) -> Command:
        """Start one service by hand, and wait until it is ready."""
        command = await self.kitfox("run", "--config", "kitfox.toml", "--service", name, *flags)
        command.address = (await command.says(r"kitfox\.run: ready at (\S+)$"))[1]
        return command

    def rows(self) -> dict[str, dict]:
        """What `kitfox up` says of its services, by name; nothing before it does."""
        try:
            status = json.loads((self._state / "processes.json").read_bytes())
        except FileNotFoundError:
            return {}
        return {row["name"]: row for row in status["processes"]}

    def address(self, name: str) -> str:
        return self.rows()[name]["addresses"][0]

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a service that `kitfox up` runs."""
        os.kill(self.rows()[name]["pid"], number)

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


def free_port() -> int:
    """Find a port that the kernel gives to nobody by itself, so that it stays free.

    The draw is the system's: pytest-randomly gives all workers the same seed.
    """
    while True:
        port = SystemRandom().randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def config_of_school(name: str) -> str:
    """Return one of the school's configurations with ports of its own, to stand elsewhere."""
    text = (SCHOOL / name).read_text()
    for port in set(re.findall(r"127\.0\.0\.1:(\d+)", text)):
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
    return text.replace("[system]\n", f"[system]\npath = {json.dumps(['.', str(SCHOOL)])}\n")


@pytest.fixture
async def system(tmp_path):
    """Make systems of a configuration; all that they started has ended after the test."""
    systems = []

    def make(config: str) -> System:
        folder = tmp_path / str(len(systems))
        folder.mkdir()
        systems.append(System(folder, config, http))
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


@pytest.fixture(name="free_port")
def free_port_fixture() -> int:
    return free_port()


@pytest.fixture(name="until")
def until_fixture():
    return until
